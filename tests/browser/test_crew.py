"""A member of the crew works for a day on a phone: from the sign-in with a code to the end of the shift."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from powerbank.auth.people import otp
from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import cache_redis
from powerbank.crew.members import services as members
from powerbank.crew.tasks import planning
from powerbank.stations.custody import registration
from powerbank.stations.warehouses import services as warehouses
from tests.browser.reader import PHONE, WIDE, Reader
from tests.crew.conftest import put_out, settle
from tests.people import People, rows
from tests.stations.conftest import Make, make_station  # noqa: F401
from tests.stations.talker import Talker

NUMBER = "9841222333"
FULL = {1: "p1", 2: "p2", 3: "p3", 4: "p4"}


@pytest.fixture(params=[(PHONE, "en"), (WIDE, "ne")], ids="-".join)
def view(request: pytest.FixtureRequest) -> tuple[str, str]:
    given: tuple[str, str] = request.param
    return given


@pytest.fixture
def street(app: Flask, people: People, make_station: Make) -> Iterator[tuple[Talker, Talker]]:  # noqa: F811
    """Give a full station and an empty one, a warehouse, and a member of the crew who has not begun."""
    ram = people.join("ram", NUMBER)
    with app.app_context():
        full = make_station("KTM-FULL", name="Thamel Chowk", lat=27.7153, lng=85.3123)
        empty = make_station("KTM-EMPTY", name="New Road", address="New Road 12", lat=27.7040, lng=85.3100)
        with transaction():
            registration.register_banks(serials=[*FULL.values(), "w1", "w2"], model=None, now=utcnow())
            warehouses.make_warehouse({"name": "Teku", "city": "Kathmandu", "lat": 27.695, "lng": 85.305})
            members.make_member(user_id=ram.id, phone=None, email=None, values={}, by="system", now=utcnow())
        here, there = Talker(full), Talker(empty)
        here.snapshot(FULL)
        there.snapshot({})
        with transaction():
            planning.plan_tasks(now=utcnow())
        yield here, there


def sign_in(app: Flask, reader: Reader) -> Any:
    with app.app_context():
        cache_redis().flushdb()
    page = reader.open(f"/sign-in?next=/crew/&language={reader.language}")
    page.fill("[name=identifier]", NUMBER)
    page.click("main form button")
    page.wait_for_selector("[name=code]")
    reader.look()
    with app.app_context():
        code = otp.derive_code(UUID(page.input_value("[name=challenge_id]")))
    page.fill("[name=code]", code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{reader.site}/crew/")
    return page


def press(page: Any, key: str) -> None:
    """Press a key of a page, and wait for the page that the queue leads to."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("load")


def test_a_day_of_the_crew(
    app: Flask, reader: Reader, street: tuple[Talker, Talker], work: Callable[..., None]
) -> None:
    here, there = street
    page = sign_in(app, reader)
    reader.look()
    press(page, "s")
    reader.look()
    reader.open("/crew/tasks")
    for name in ("Thamel Chowk", "New Road"):
        page.goto("/crew/tasks")
        page.click(f".task:has-text('{name}') a")
        page.wait_for_selector("[data-key=c]")
        reader.look()
        press(page, "c")
        press(page, "g")
    reader.look()
    page = reader.open("/crew/route")
    assert page.locator(".stops > li").count() >= 2
    page.wait_for_selector(".route-map .pin")
    reader.look()

    page.click(".stops a:has-text('Thamel Chowk')")
    page.wait_for_selector("[name=serial]")
    for box in page.query_selector_all("[name=serial]"):
        box.set_checked(True)
    reader.look()
    press(page, "o")
    page.wait_for_selector("[role=status] .badge.busy")
    reader.look()
    out = put_out(here, FULL)
    assert len(out) == 4
    settle(here)
    page.reload()
    assert page.locator(".badge.good").count() >= 1
    reader.look()
    page = reader.open("/crew/banks")
    assert page.locator("[name=serial]").count() >= 4

    there.wait(5)
    there.snapshot({1: "p1", 2: "p2", 3: "p3"})
    settle(there)
    reader.open("/crew/")
    assert rows(app, "SELECT status FROM crew_tasks WHERE kind IN ('empty', 'full')") == [("done",), ("done",)]

    press(page, "e")
    page.wait_for_selector(".toast.bad")
    reader.look()
    page.goto("/crew/banks")
    press(page, "h")
    assert page.locator("[name=serial]").count() == 0
    reader.look()
    page.goto("/crew/")
    press(page, "e")
    page.wait_for_selector("[data-key=s]")
    reader.open("/crew/money")
    assert page.locator(".lines li").count() >= 3
