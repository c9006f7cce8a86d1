"""Power banks that are lost, and those that are found again."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.outbox import relay
from powerbank.stations.custody import services as banks
from powerbank.stations.messages import returns
from tests.people import Headers, change, rows
from tests.rentals.cabinets import MINUTE, Cabinets, sweep
from tests.rentals.conftest import Out
from tests.rentals.rentals_in_states import station_id
from tests.rentals.test_coincidences import report, resolve


def test_lost_bank_is_sold_and_refunded_when_found(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=60 + 7 * 1440 + 30, minutes=60, wallet="4000.00", price="50.00")
    sweep(app, cabinets)
    sweep(app, cabinets)
    found = sita.rental(rental_id)
    hours = 7 * 24 + 1
    assert (found["status"], found["overdue_amount"]) == ("lost", f"{hours * 5}.00")
    assert found["amount_paid"] == "3050.00", "the replacement price in all, beside the package"
    assert cabinets.place("A-1") == "lost"
    cabinets.take_back("A-1", at=utcnow() + 1 * MINUTE)
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"]) == ("completed", False)
    assert found["amount_paid"] == f"{50 + hours * 5}.00"
    assert sita.wallet() == (f"{4000 - 50 - hours * 5}.00", "0.00", 5, "0.00")


def test_loss_without_money_becomes_a_due_that_is_waived_when_found(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=5, minutes=60, wallet="150.00", price="50.00")
    assert sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"}).status_code == 201
    assert sita.rental(rental_id)["status"] == "lost"
    assert sita.wallet() == ("0.00", "0.00", 0, "2900.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"]) == ("completed", True), "it was never overdue"
    assert sita.wallet() == ("100.00", "0.00", 15, "0.00")


def test_found_bank_that_came_back_late_costs_the_overdue_fee(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=50, minutes=60, wallet="4000.00", price="50.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    cabinets.take_back("A-1", at=utcnow() + 30 * MINUTE)
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"]) == ("completed", False)
    assert sita.wallet() == ("3945.00", "0.00", 5, "0.00"), "the package, an hour too late, and no bonus"


def test_found_bank_within_the_window_is_free_of_charge(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=2, wallet="4000.00")
    sita.post(f"/rentals/{rental_id}/cancel")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    assert sita.wallet()[0] == "950.00"
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet() == ("4000.00", "0.00", 0, "0.00")


def test_cancelled_found_rental_earns_nothing(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=2, wallet="150.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    cabinets.take_back("A-1", slot=1)
    assert sita.wallet() == ("100.00", "0.00", 0, "0.00")
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "cancelled"
    change(app, "UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE job = 'conclude_rental'")
    with app.app_context():
        relay.redeliver_stranded()
    cabinets.work()
    assert sita.wallet() == ("150.00", "0.00", 0, "0.00")
    assert rows(app, "SELECT coalesce(sum(rentals), 0) FROM tally_events") == [(0,)]


def test_found_bank_after_the_window_is_charged(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=2, wallet="4000.00")
    sita.post(f"/rentals/{rental_id}/cancel")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    cabinets.take_back("A-1", slot=1, at=utcnow() + 4 * MINUTE)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "3950.00"


def test_bank_found_after_a_month_stays_sold(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=5, wallet="5000.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    cabinets.take_back("A-1", at=utcnow() + timedelta(days=31))
    assert sita.rental(rental_id)["status"] == "lost"
    assert rows(app, "SELECT count(*) FROM staff_notices WHERE type = 'unmatched_return'") == [(1,)]


def test_found_bank_is_not_billed_beyond_a_report_that_staff_upheld(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Callable[[str], Headers]
) -> None:
    sita, rental_id = out(ago=90, minutes=60, wallet="4000.00", price="50.00")
    case = report(sita, rental_id, "not_charging")
    assert case["status"] == "open"
    change(app, "UPDATE rental_cases SET reported_at = now() - interval '25 min'")
    other = report(sita, rental_id, "other")
    report(sita, rental_id, "lost")
    assert sita.wallet()[0] == "950.00"
    for each, role in ((other, "support"), (case, "operations")):
        done = resolve(sita, staff_headers(role), rental_id, action="uphold", case_id=each["id"])
        assert done.status_code == 200, done.text
    cabinets.take_back("A-1", at=utcnow() + 5 * 60 * MINUTE)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"], found["amount_paid"]) == ("completed", "5.00", "55.00")
    assert sita.wallet()[0] == "3945.00"


def test_quarantined_lost_bank_that_only_a_snapshot_shows_completes_its_rental(
    app: Flask, out: Out, cabinets: Cabinets
) -> None:
    sita, rental_id = out(ago=5, wallet="4000.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    with app.app_context(), transaction():
        banks.quarantine_bank("A-1", reason="it was recalled", now=utcnow())
    assert cabinets.place("A-1") == "lost", "nobody has it yet"
    shown = utcnow()
    with app.app_context(), transaction():
        returns.record_return(
            station_id("A"), 3, "A-1", at=shown, received_at=shown, message_id=uuid4(), how="snapshot"
        )
    cabinets.work()
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "3950.00"


@pytest.mark.parametrize(
    ("act", "where", "station"),
    [
        ("found", {}, None),
        ("place", {"place": "slot", "station_sn": "A", "slot_number": 3}, "A"),
        ("place", {"place": "crew", "holder": "Ram"}, None),
    ],
)
def test_lost_bank_that_staff_have_again_is_refunded(
    out: Out,
    cabinets: Cabinets,
    staff_headers: Callable[[str], Headers],
    act: str,
    where: dict[str, object],
    station: str | None,
) -> None:
    sita, rental_id = out(ago=5, wallet="4000.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    assert sita.wallet()[0] == "950.00"
    path, body = f"/api/admin/powerbanks/A-1/{act}", {"reason": "A taxi driver brought it"} | where
    assert sita.client.post(path, json=body, headers=staff_headers("operations")).status_code == 200
    cabinets.work()
    rental = sita.rental(rental_id)
    assert rental["status"] == "completed"
    assert (rental["return_station"] or {}).get("sn") == station
    assert sita.wallet()[0] == "3950.00", "the package only"


def test_lost_bank_that_staff_find_after_a_month_stays_sold(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Callable[[str], Headers]
) -> None:
    sita, rental_id = out(ago=5, wallet="4000.00")
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    change(app, "UPDATE rentals SET lost_at = lost_at - interval '31 days'")
    found = sita.client.post(
        "/api/admin/powerbanks/A-1/found", json={"reason": "In a drawer"}, headers=staff_headers("operations")
    )
    assert found.status_code == 200
    cabinets.work()
    assert sita.rental(rental_id)["status"] == "lost"
    assert (cabinets.place("A-1"), sita.wallet()[0]) == ("warehouse", "950.00")
