"""Unusual combinations of what people, stations and sweeps do to one rental."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import text

from jobs.worker.runtime import run
from powerbank.base.db import db, transaction, utcnow
from powerbank.outbox.enqueue import publish
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.events import EjectionUndone
from tests.people import change, rows
from tests.rentals import rentals_in_states
from tests.rentals.cabinets import MINUTE, Cabinets, sweep
from tests.rentals.conftest import Out, Packages, Renter, Renters
from tests.stations.conftest import Make

Staff = Callable[..., dict[str, str]]


def resolve(person: Renter, headers: dict[str, str], rental_id: str, **body: Any) -> Any:
    address = f"/api/admin/rentals/{rental_id}/resolve"
    return person.client.post(address, headers=headers, json={"reason": "looked into it"} | body)


def report(person: Renter, rental_id: str, issue_type: str) -> Any:
    return person.post(f"/rentals/{rental_id}/report-issue", {"issue_type": issue_type}).get_json()


def test_reported_fault_does_not_make_days_free(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=1, minutes=60)
    assert report(sita, rental_id, "not_charging")["status"] == "upheld"
    cabinets.take_back("A-1", at=utcnow() + timedelta(days=1))
    assert sita.rental(rental_id)["overdue_amount"] == "120.00"


def test_complaints_cannot_empty_a_station(renter: Renters, package: Packages, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita, one_hour = renter(), package()
    for _ in range(3):
        rental_id = sita.initiate(one_hour).get_json()["rental_id"]
        sita.post(f"/rentals/{rental_id}/cancel")
        report(sita, rental_id, "damaged")
    assert sita.initiate(one_hour).status_code == 202


def test_upheld_missing_ejection_of_an_overdue_rental_is_refunded(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Staff
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    case = report(sita, rental_id, "not_ejected")["id"]
    change(app, "UPDATE rentals SET due_at = now() - interval '5 min'")
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "overdue"
    assert resolve(sita, staff_headers("support"), rental_id, action="uphold", case_id=case).status_code == 200
    cabinets.work()
    assert sita.wallet()[0] == "500.00"


def test_loss_is_undone_by_a_return_from_before(app: Flask, out: Out, cabinets: Cabinets) -> None:
    """The station was offline across the return, and for longer than it takes to count as lost."""
    sita, rental_id = out(ago=60 + 7 * 1440 + 30, minutes=60, wallet="4000.00")
    sweep(app, cabinets)
    sweep(app, cabinets)
    lost = sita.rental(rental_id)
    assert lost["status"] == "lost"
    cabinets.old_news_of(rental_id, "A-1", at=datetime.fromisoformat(lost["due_at"]) + 30 * MINUTE)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"], found["amount_paid"]) == ("completed", "5.00", "55.00")


def test_loss_does_not_prove_a_return(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=60 + 7 * 1440 + 30, minutes=60, wallet="4000.00")
    sweep(app, cabinets)
    sweep(app, cabinets)
    assert report(sita, rental_id, "returned")["status"] == "open"


def test_cancellation_during_the_attempts_brings_no_other_bank(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "ejecting"
    cabinets.refuses()
    assert cabinets.commands() == [("A-1", "failed")]
    assert sita.wallet()[:2] == ("500.00", "0.00")


def test_refusal_after_silence_brings_no_other_bank(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.shows_it_still_in()
    cabinets.refuses()
    assert sita.rental(rental_id)["status"] == "failed"
    assert {serial for serial, _ in cabinets.commands()} == {"A-1"}


def test_undone_ejection_cancels_a_rental_that_the_sweep_ended(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=3, minutes=60)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 1, utcnow() - 2 * MINUTE)
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "completed"
    with app.app_context(), transaction():
        publish(
            EjectionUndone(
                bank_id=custody_queries.lock_bank("A-1").id,
                rental_id=UUID(rental_id),
                station_id=rentals_in_states.station_id("A"),
                slot_number=1,
                seen_at=utcnow() - 2 * MINUTE,
            )
        )
    cabinets.work()
    assert sita.wallet()[0] == "500.00"


def test_money_is_released_when_a_station_never_answers(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, staff_headers: Staff
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.says_nothing()
    assert report(sita, rental_id, "not_ejected")["status"] == "open"
    assert resolve(sita, staff_headers("support"), rental_id, action="cancel").status_code == 200
    assert sita.rental(rental_id)["status"] == "failed"
    assert sita.wallet()[:2] == ("500.00", "0.00")


def test_repeated_charge_by_staff_is_made_once(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out()
    headers = staff_headers("finance") | {"Idempotency-Key": "charge-once"}
    for _ in range(2):
        assert resolve(sita, headers, rental_id, action="charge", amount="20.00").status_code == 200
    assert sita.wallet()[0] == "430.00"


def test_case_of_another_rental_cannot_be_decided(
    app: Flask,
    out: Out,
    renter: Renters,
    package: Packages,
    cabinets: Cabinets,
    make_station: Make,
    staff_headers: Staff,
) -> None:
    """Even while somebody works on the other rental, whose lock would be waited for."""
    sita, mine = out(ago=30)
    make_station("B", charges={1: 90})
    hari = renter("hari")
    theirs = str(hari.initiate(package(), sn="B").get_json()["rental_id"])
    cabinets.work()
    cabinets.ejects("B")
    case = report(hari, theirs, "other")["id"]
    with app.app_context(), db.engine.begin() as other:
        other.execute(text("SELECT FROM rentals WHERE id = :id FOR UPDATE"), {"id": theirs})
        with ThreadPoolExecutor(max_workers=1) as aside:
            headers = staff_headers("support")
            asked = aside.submit(lambda: resolve(sita, headers, mine, action="uphold", case_id=case))
            try:
                answer = asked.result(timeout=10)
            finally:
                other.rollback()  # whoever waits for it goes on
    assert answer.status_code == 404
    assert rows(app, "SELECT status FROM rental_cases") == [("open",)]


def test_loss_is_not_believed_if_the_bank_is_back(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=5)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 3, utcnow() - 1 * MINUTE)
    assert report(sita, rental_id, "lost")["status"] == "open"
    assert cabinets.place("A-1") == "slot"


def test_free_cancellation_earns_nothing(app: Flask, out: Out, cabinets: Cabinets) -> None:
    """It counts for its person once it cannot be given back any more, whatever was paid for it."""
    sita, rental_id = out(ago=1, unit=(30, "10.00"), price="0.00")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "cancelled"
    run_due(app, "conclude_rental")
    cabinets.work()
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    assert sita.get("/users/me/usage")["rentals"] == 0
    assert rows(app, "SELECT coalesce(sum(rentals), 0) FROM tally_events") == [(0,)]


def test_quick_return_earns_after_the_window(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, _ = out(ago=1)
    cabinets.take_back("A-1", slot=1)
    assert sita.wallet()[2] == 0
    run_due(app, "conclude_rental")
    cabinets.work()
    assert sita.wallet()[2] == 15
    counted = rows(
        app,
        "SELECT t.at = ended_at FROM tally_events t JOIN rentals ON rentals.id::text = object_id WHERE kind = 'rental'",
    )
    assert counted == [(True,)], "in the week of its end, whenever it is counted"


def test_request_before_the_ejection_is_free_more_than_once_a_day(
    renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90})
    sita, one_hour = renter(), package()
    for _ in range(2):
        rental_id = sita.initiate(one_hour).get_json()["rental_id"]
        cabinets.work()
        sita.post(f"/rentals/{rental_id}/cancel")
        cabinets.ejects()
        cabinets.take_back("A-1", slot=1)
        assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[:2] == ("500.00", "0.00")


def run_due(app: Flask, job: str) -> None:
    """Run a job as if its time had come."""
    change(app, f"UPDATE outbox_jobs SET run_after = now() WHERE job = '{job}' AND state = 'open'")
    [waiting] = rows(app, f"SELECT id FROM outbox_jobs WHERE job = '{job}' AND state = 'open'")
    with app.app_context():
        run(job, str(waiting.id))
