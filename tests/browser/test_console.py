"""The console's first pages, as staff see them in a browser."""

from collections.abc import Callable

from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.staff.services import notify_staff
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.browser.reader import Reader

SignIn = Callable[..., Reader]
Work = Callable[..., None]


def test_staff_read_every_page_and_change_its_language(app: Flask, staff: SignIn, work: Work) -> None:
    with app.app_context(), transaction():
        enqueue(sample_jobs.REFUSED, key="a")
        notify_staff(type=StaffNoticeType.NO_WORKERS, context={"detail": "no worker is alive on default"})
    work()
    reader = staff()
    reader.look()
    for path in ("/console/notices", "/console/account"):
        reader.open(path)
    other, word = {"en": ("ne", "सूचना"), "ne": ("en", "Notices")}[reader.language]
    page = reader.page
    page.goto("/console/notices")
    page.click(f".languages [value={other}]")
    page.wait_for_url("**/console/notices**")
    assert word in page.inner_text("h1")
    assert page.get_attribute("html", "lang") == other


def test_an_empty_list_says_what_would_fill_it(staff: SignIn) -> None:
    reader = staff(Role.VIEWER)
    page = reader.open("/console/notices")
    assert page.locator(".empty").count() == 1


def test_the_page_says_whether_it_is_live_and_works_by_keyboard(staff: SignIn) -> None:
    reader = staff()
    page = reader.page
    page.wait_for_selector("[data-live-state=''] >> visible=true")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("?")
    assert page.locator("#shortcuts").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcuts").is_visible()
