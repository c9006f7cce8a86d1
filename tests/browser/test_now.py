"""Staff see on the first page of the console what happens in the network."""

from collections.abc import Callable

from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.stations.registry import seed
from tests.browser.reader import Reader
from tests.nursery import wait_until
from tests.people import change

SignIn = Callable[..., Reader]

TROUBLE = """INSERT INTO station_issues (id, station_id, issue_type, priority, opened_at)
             SELECT gen_random_uuid(), id, 'damaged', 'critical', now() - interval '3 h' FROM stations"""

DOUBT = """INSERT INTO discrepancies (id, kind, serial, station_id)
           SELECT gen_random_uuid(), 'unknown_serial', sn, id FROM stations"""


def test_the_map_and_its_list_say_the_same(app: Flask, staff: SignIn) -> None:
    with app.app_context(), transaction():
        seed.seed_stations(utcnow())
    change(app, "UPDATE station_live SET online = sn <> 'KTM-003', available_banks = 3, maintenance = sn = 'KTM-004'")
    change(app, TROUBLE)
    change(app, DOUBT)
    reader = staff(Role.SUPERADMIN)
    page = reader.open("/console/now")
    page.wait_for_selector(".places li")
    assert page.locator(".pin").count() == page.locator("[data-map-list] li[data-lat]").count()
    reader.look()
    page.evaluate("document.querySelector('#matters').scrollTop = 40")
    with page.expect_response("**/console/now"):
        page.evaluate("document.body.dispatchEvent(new Event('changed'))")
    wait_until(lambda: page.evaluate("document.querySelector('#matters').scrollTop") == 40, 10, "the list stays")
    page.click("[data-map-members] >> nth=0")
    page.wait_for_selector("dialog[open] .places li")
    reader.look()
    page.click("[data-map-nearer]")
    page.wait_for_selector("dialog[open]", state="hidden")
    wait_until(lambda: page.locator(".pin").count() > 1, 10, "the stations have marks of their own")
    assert "#map=" in page.url
    page.click("[data-map-state=maintenance]")
    page.wait_for_selector("[data-map-state=maintenance][aria-pressed=true]")
    assert page.locator("[data-map-list] li[data-lat]").count() == 1
    reader.look()
