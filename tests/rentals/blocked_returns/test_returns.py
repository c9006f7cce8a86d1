"""What a pause costs and saves: a return in time is billed up to the block, any other as if nothing had been."""

from datetime import datetime
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.rentals import notices
from powerbank.rentals.blocked_returns import services
from tests.people import rows
from tests.rentals.blocked_returns.conftest import Pass, block, fill
from tests.rentals.cabinets import MINUTE, Cabinets, sweep
from tests.rentals.conftest import Out, Packages, Renter
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("near")


def outcome(app: Flask) -> str:
    return str(rows(app, "SELECT outcome FROM blocked_returns WHERE status = 'granted'")[0].outcome)


def let_it_end(app: Flask, found: dict[str, str]) -> None:
    for _ in range(2):
        with app.app_context(), transaction():
            services.end_return_pause(UUID(found["block_id"]), now=utcnow())


def test_a_return_in_time_counts_as_on_time_if_the_block_was(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(25)  # 15 minutes after the due time
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "active"
    assert sita.rental(rental_id)["overdue_amount"] == "0.00"
    cabinets.take_back("A-1", "B", 1)
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"], found["overdue_amount"]) == ("completed", True, "0.00")
    assert found["ended_at"] == found["pause"]["paused_from"]
    came_back = [each["at"] for each in found["timeline"] if each["event"] == "pause_used"]
    assert came_back[0] > found["due_at"]
    assert sita.wallet() == ("450.00", "0.00", 15, "0.00")  # the points for a rental, and for being on time
    assert (outcome(app), rows(app, "SELECT count(*) FROM kept_slots")) == ("returned", [(0,)])
    assert rows(app, "SELECT free_slots FROM station_live WHERE sn = 'B'") == [(3,)]


def test_an_overdue_rental_is_billed_up_to_the_block(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=119, minutes=60)
    fill(app, "A")
    sweep(app, cabinets)
    block(sita, rental_id)
    pass_minutes(20)
    assert sita.rental(rental_id)["overdue_amount"] == "5.00"
    cabinets.take_back("A-1", "B", 2)  # any slot of that station
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"], found["overdue_amount"]) == ("completed", False, "5.00")
    assert sita.wallet()[0] == "445.00"


def test_a_postpaid_rental_is_billed_up_to_the_block(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=29, minutes=300, unit=(30, "10.00"))
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(29)
    cabinets.take_back("A-1", "B", 1)
    assert sita.wallet()[:2] == ("490.00", "0.00")


@pytest.mark.parametrize("told_late", [False, True])
def test_a_return_too_late_is_billed_as_if_nothing_had_been(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass, told_late: bool
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    found = block(sita, rental_id).get_json()
    pass_minutes(31)
    if not told_late:
        let_it_end(app, found)
        assert (outcome(app), rows(app, "SELECT count(*) FROM kept_slots")) == ("over", [(0,)])
    sweep(app, cabinets)
    assert sita.rental(rental_id)["status"] == "overdue"
    assert sita.rental(rental_id)["pause"] is None or told_late
    cabinets.take_back("A-1", "B", 1)
    after = sita.rental(rental_id)
    assert (after["is_returned_on_time"], after["overdue_amount"]) == (False, "5.00")
    assert rows(app, "SELECT count(*) FROM kept_slots") == [(0,)]


def test_a_return_in_time_that_is_told_late_counts(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    """The station was offline across the return, and the pause was over when it told of it."""
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    found = block(sita, rental_id).get_json()
    pass_minutes(40)
    let_it_end(app, found)
    sweep(app, cabinets)
    cabinets.take_back("A-1", "B", 1, at=utcnow() - 15 * MINUTE)
    after = sita.rental(rental_id)
    assert (after["is_returned_on_time"], after["overdue_amount"]) == (True, "0.00")
    assert outcome(app) == "returned"


def test_a_return_elsewhere_is_billed_as_if_nothing_had_been(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass, make_station: Make
) -> None:
    make_station("C", lat=27.80, lng=85.40)
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(20)
    cabinets.take_back("A-1", "C", 1)
    found = sita.rental(rental_id)
    assert (found["is_returned_on_time"], found["overdue_amount"], found["pause"]) == (False, "5.00", None)
    assert rows(app, "SELECT count(*) FROM kept_slots") == [(0,)]


def test_without_a_kept_slot_a_return_anywhere_counts(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    fill(app, "B", but=2)
    block(sita, rental_id)
    pass_minutes(20)
    cabinets.take_back("A-1", "B", 3)
    assert sita.rental(rental_id)["is_returned_on_time"] is True


def test_a_provisional_return_in_time_counts_from_the_block(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(20)
    cabinets.take_back("A-1", "B", 1, provisional=True)
    cabinets.self_test("A-1", rental_id, passed=True)
    assert sita.rental(rental_id)["is_returned_on_time"] is True


def test_an_extension_ends_the_pause(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass, package: Packages
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    block(sita, rental_id)
    pass_minutes(20)
    assert sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package())}).status_code == 200
    assert rows(app, "SELECT count(*) FROM kept_slots") == [(0,)]
    assert sita.rental(rental_id)["pause"] is None
    assert outcome(app) == "ended"
    # The ten minutes beyond the due time are paid as one hour that has begun.
    assert sita.wallet()[0] == "395.00"


def test_a_declared_loss_ends_the_pause(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=50, minutes=60, wallet="4000.00")
    fill(app, "A")
    block(sita, rental_id)
    sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "lost"})
    assert sita.rental(rental_id)["status"] == "lost"
    assert (outcome(app), rows(app, "SELECT count(*) FROM kept_slots")) == ("ended", [(0,)])


def remind(app: Flask, person: Renter, rental_id: str) -> None:
    due = datetime.fromisoformat(person.rental(rental_id)["due_at"])
    with app.app_context(), transaction():
        notices.send_reminder(UUID(rental_id), due_at=due, now=utcnow())
    jobs = rows(
        app, "SELECT job FROM outbox_jobs WHERE state = 'open' AND job IN ('send_rental_reminder', 'notify_user')"
    )
    return sorted(each.job for each in jobs)


def test_nobody_is_reminded_while_the_meter_stands_still(
    app: Flask, out: Out, cabinets: Cabinets, pass_minutes: Pass
) -> None:
    sita, rental_id = out(ago=50, minutes=60)
    fill(app, "A")
    block(sita, rental_id)
    cabinets.work()
    before = rows(app, "SELECT count(*) FROM notices WHERE type = 'rental_ending_soon'")
    remind(app, sita, rental_id)
    cabinets.work()
    assert rows(app, "SELECT count(*) FROM notices WHERE type = 'rental_ending_soon'") == before
