"""Staff go through the jobs in a browser, and send all dead letters of one error again."""

from collections.abc import Callable

from flask import Flask

from powerbank.base.db import transaction
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.browser.reader import Reader
from tests.people import rows

SignIn = Callable[..., Reader]
Work = Callable[..., None]
PAGE = "/console/machinery/jobs"


def test_all_dead_letters_of_one_error_are_requeued(app: Flask, staff: SignIn, work: Work) -> None:
    with app.app_context(), transaction():
        for number in range(60):
            enqueue(sample_jobs.REFUSED, key=str(number))
    work()
    reader = staff()
    page = reader.open(PAGE)
    page.keyboard.press("f")
    assert page.evaluate("document.activeElement.name") == "job"
    page.fill("[name=error]", "no such account")
    page.press("[name=error]", "Enter")
    page.wait_for_url("**error=no+such+account**")
    page.click("a[href*='/decide?decision=requeue']")
    page.wait_for_url("**/decide?**")
    reader.look()
    page.fill("[name=reason]", "The account is back.")
    page.click("main form button")
    page.wait_for_url("**/operations/**")
    reader.look()
    work()
    page.wait_for_selector("#operation .head .badge.good")
    reader.look()
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'job.requeue'") == [(60,)]


def test_rows_are_chosen_and_one_job_is_discarded_in_a_dialog(app: Flask, staff: SignIn, work: Work) -> None:
    with app.app_context(), transaction():
        for number in range(3):
            enqueue(sample_jobs.REFUSED, key=str(number))
    work()
    reader = staff()
    page = reader.open(PAGE)
    assert page.is_disabled("[name=decision][value=requeue]")
    page.check("[data-chooses-all]")
    assert page.locator("[name=id]:checked").count() == 3
    page.locator("[name=id]").first.uncheck()
    assert page.inner_text("[data-chosen]") == "2"
    page.locator("td a").first.click()
    page.wait_for_url(f"**{PAGE}/*")
    reader.look()
    page.click("[data-opens=discard]")
    reader.look()
    page.keyboard.press("Escape")
    assert not page.locator("#discard").is_visible()
    page.click("[data-opens=discard]")
    reader.send("#discard .danger")
    assert page.locator(".toast").count() == 1
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE cause = 'discarded'") == [(1,)]


def test_empty_lists_and_other_states(staff: SignIn) -> None:
    reader = staff()
    for query in ("", "?state=done", "?error=nothing"):
        page = reader.open(f"{PAGE}{query}")
        assert page.locator(".empty").count() == 1
