"""Ways in which people, cabinets and news come together that nobody plans for."""

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
from powerbank.rentals.start import initiation
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.events import EjectionUndone
from tests.people import change, rows
from tests.rentals import rentals_in_states
from tests.rentals.conftest import MINUTE, Cabinets, Renter
from tests.rentals.end.test_returns import swept
from tests.stations.conftest import Make

Out = Callable[..., tuple[Renter, str]]
Renters = Callable[..., Renter]
Packages = Callable[..., UUID]
Staff = Callable[..., dict[str, str]]


def resolve(person: Renter, headers: dict[str, str], rental_id: str, **body: Any) -> Any:
    address = f"/api/admin/rentals/{rental_id}/resolve"
    return person.client.post(address, headers=headers, json={"reason": "looked into it"} | body)


def report(person: Renter, rental_id: str, issue_type: str) -> Any:
    return person.post(f"/rentals/{rental_id}/report-issue", {"issue_type": issue_type}).get_json()


def test_a_fault_reported_at_once_makes_no_days_free(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=1, minutes=60)
    assert report(sita, rental_id, "not_charging")["status"] == "upheld"
    cabinets.take_back("A-1", at=utcnow() + timedelta(days=1))
    assert sita.rental(rental_id)["overdue_amount"] == "120.00"


def test_nobody_empties_a_station_by_complaining(renter: Renters, package: Packages, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 80})
    sita, one_hour = renter(), package()
    for _ in range(3):
        rental_id = sita.initiate(one_hour).get_json()["rental_id"]
        sita.post(f"/rentals/{rental_id}/cancel")
        report(sita, rental_id, "damaged")
    assert sita.initiate(one_hour).status_code == 202


def test_nothing_came_out_and_it_is_overdue_before_staff_agree(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Staff
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    case = report(sita, rental_id, "not_ejected")["id"]
    change(app, "UPDATE rentals SET due_at = now() - interval '5 min'")
    swept(app, cabinets)
    assert sita.rental(rental_id)["status"] == "overdue"
    assert resolve(sita, staff_headers("support"), rental_id, action="uphold", case_id=case).status_code == 200
    cabinets.work()
    assert sita.wallet()[0] == "500.00"


def test_given_up_although_it_had_been_back(app: Flask, out: Out, cabinets: Cabinets) -> None:
    """The station was offline across the return, and for longer than it takes to count as lost."""
    sita, rental_id = out(ago=60 + 7 * 1440 + 30, minutes=60, wallet="4000.00")
    swept(app, cabinets)
    swept(app, cabinets)
    lost = sita.rental(rental_id)
    assert lost["status"] == "lost"
    cabinets.old_news_of(rental_id, "A-1", at=datetime.fromisoformat(lost["due_at"]) + 30 * MINUTE)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"], found["amount_paid"]) == ("completed", "5.00", "55.00")


def test_a_lost_bank_is_not_proven_back_by_being_given_up(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=60 + 7 * 1440 + 30, minutes=60, wallet="4000.00")
    swept(app, cabinets)
    swept(app, cabinets)
    assert report(sita, rental_id, "returned")["status"] == "open"


def test_cancelled_while_it_is_tried_no_other_bank_comes(
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


def test_after_silence_a_refusal_brings_no_other_bank(
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


def test_it_never_came_out_and_a_sweep_had_ended_it(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=3, minutes=60)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 1, utcnow() - 2 * MINUTE)
    swept(app, cabinets)
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


def test_a_station_that_never_speaks_again_keeps_no_money(
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


def test_staff_charge_once_however_often_they_press(out: Out, staff_headers: Staff) -> None:
    sita, rental_id = out()
    headers = staff_headers("finance") | {"Idempotency-Key": "charge-once"}
    for _ in range(2):
        assert resolve(sita, headers, rental_id, action="charge", amount="20.00").status_code == 200
    assert sita.wallet()[0] == "430.00"


def test_somebody_elses_case_is_neither_decided_nor_touched(
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


def test_a_loss_is_not_believed_of_a_bank_that_is_back(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=5)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 3, utcnow() - 1 * MINUTE)
    assert report(sita, rental_id, "lost")["status"] == "open"
    assert cabinets.place("A-1") == "slot"


def test_what_is_cancelled_free_of_charge_has_earned_nothing(app: Flask, out: Out, cabinets: Cabinets) -> None:
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


def test_what_is_back_within_minutes_earns_once_the_window_is_over(app: Flask, out: Out, cabinets: Cabinets) -> None:
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


def test_asked_for_before_it_came_out_it_is_free_even_twice_a_day(
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
    """As if its time had come."""
    change(app, f"UPDATE outbox_jobs SET run_after = now() WHERE job = '{job}' AND state = 'open'")
    [waiting] = rows(app, f"SELECT id FROM outbox_jobs WHERE job = '{job}' AND state = 'open'")
    with app.app_context():
        run(job, str(waiting.id))


def test_a_broken_rental_is_told_once_and_stops_no_other(
    app: Flask, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets, monkeypatch: Any
) -> None:
    """The sweep comes each minute; it must neither die of it each minute nor tell of it each minute."""
    make_station("A", charges={1: 90, 2: 80})
    broken, sound = (renter(name).initiate(package()).get_json()["rental_id"] for name in ("sita", "hari"))
    change(app, "UPDATE rentals SET created_at = now() - interval '10 min'")

    def abandon(rental_id: UUID, **how: Any) -> None:
        if str(rental_id) == broken:
            raise RuntimeError("a row that nobody thought of")
        initiation_abandon(rental_id, **how)

    initiation_abandon = initiation.abandon_initiation
    monkeypatch.setattr(initiation, "abandon_initiation", abandon)
    for _ in range(3):
        swept(app, cabinets)
    assert rows(app, f"SELECT status FROM rentals WHERE id = '{sound}'") == [("cancelled",)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE state = 'dead'") == [(0,)]
    told = rows(app, "SELECT context ->> 'key' FROM staff_notices WHERE type = 'anomaly'")
    assert told == [(f"rental_broken:{broken}",)]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'notify_staff'") == [(1,)]
