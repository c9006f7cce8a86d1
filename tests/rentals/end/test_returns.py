"""The return of a power bank, in whatever order the station tells of it."""

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, utcnow
from tests.rentals.cabinets import Cabinets, sweep
from tests.rentals.conftest import Out
from tests.stations.conftest import Make


def test_return_in_time_at_any_station_completes_the_rental(out: Out, cabinets: Cabinets, make_station: Make) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    cabinets.take_back("A-1", "B", 2)
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"]) == ("completed", True)
    assert (found["return_station"]["sn"], found["overdue_amount"], found["due_amount"]) == ("B", "0.00", "0.00")
    assert sita.wallet() == ("450.00", "0.00", 15, "0.00"), "and earns points for it"
    assert sita.get("/users/me/usage")["rentals"] == 1
    assert sita.get("/users/me/usage")["minutes"] == 30


@pytest.mark.parametrize(("minutes", "jobs"), [(60, 0), (20, 1)])
def test_only_a_return_after_which_money_moves_leaves_its_settlement_to_a_job(
    app: Flask, out: Out, cabinets: Cabinets, minutes: int, jobs: int
) -> None:
    sita, rental_id = out(ago=30, minutes=minutes)
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["status"] == "completed"
    with app.app_context():
        settled = db.session.scalars(text("SELECT settled_at IS NOT NULL FROM rentals")).all()
        asked = db.session.scalar(text("SELECT count(*) FROM outbox_jobs WHERE job = 'process_overdue_payment'"))
        events = db.session.scalars(text("SELECT event FROM rental_events ORDER BY id DESC LIMIT 2")).all()
    assert (settled, asked, events) == ([True], jobs, ["settled", "returned"])


def test_overdue_rental_shows_the_fee_that_is_running_up(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=130, minutes=60)
    sweep(app, cabinets)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("overdue", "10.00")
    assert sita.wallet()[0] == "450.00", "nothing is taken before it ends"
    cabinets.take_back("A-1")
    assert sita.wallet()[0] == "440.00"


def test_return_that_is_told_twice_is_billed_once(out: Out, cabinets: Cabinets, app: Flask) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    cabinets.take_back("A-1", times=3)
    cabinets.old_news_of(rental_id, "A-1", at=utcnow())
    assert sita.wallet()[0] == "445.00"
    assert [each["event"] for each in sita.rental(rental_id)["timeline"]].count("returned") == 1


def test_provisional_return_waits_for_the_self_test(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    cabinets.take_back("A-1", provisional=True)
    assert sita.rental(rental_id)["status"] == "active"
    cabinets.self_test("A-1", rental_id, passed=True)
    assert sita.rental(rental_id)["status"] == "completed"
