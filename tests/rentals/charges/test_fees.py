"""The fees for time, whatever the clocks of stations and hosts say."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.rentals.charges import fees
from powerbank.rentals.end import returns
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Packages, Renters
from tests.rentals.state_machine.street import Street


@pytest.mark.parametrize(
    ("seconds", "fee"),
    [
        pytest.param(0, "0.00", id="overdue of 0 s"),
        pytest.param(1, "5.00", id="overdue of 1 s"),
        pytest.param(3600, "5.00", id="overdue of 60 min"),
        pytest.param(3601, "10.00", id="overdue of 60 min 1 s"),
        pytest.param(86_400, "120.00", id="overdue of a day"),
    ],
)
def test_overdue_of_1_s_60_min_and_60_min_1_s(out: Out, cabinets: Cabinets, seconds: int, fee: str) -> None:
    sita, rental_id = out(ago=60 + seconds / 60 + 2, minutes=60)
    due = datetime.fromisoformat(sita.rental(rental_id)["due_at"])
    cabinets.take_back("A-1", at=due + timedelta(seconds=seconds))
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("completed", fee)
    assert found["is_returned_on_time"] is (seconds == 0)


@pytest.mark.parametrize(
    ("skew", "counts"),
    [
        pytest.param(timedelta(hours=-6), "receipt", id="hours behind"),
        pytest.param(timedelta(days=4000), "receipt", id="years ahead"),
        pytest.param(timedelta(seconds=-20), "device", id="a little behind, after the station's last word"),
        pytest.param(timedelta(seconds=20), "receipt", id="a little ahead"),
    ],
)
def test_clock_skew_at_return(street: Street, renter: Renters, package: Packages, skew: timedelta, counts: str) -> None:
    """Between the station's last word and ours of this one its clock is believed; else the receipt counts."""
    street.begin(hours_ago=3)
    a, sita, one_hour = street.station("A", {1: "101"}), renter(), package(minutes=60)
    rental_id = street.rent(sita, one_hour, a)
    street.wait([a], minutes=60, seconds=-20)
    a.snapshot({})
    street.wait([a], seconds=30)  # ten seconds late
    street.happened(a, "returned", 2, "101", ts=(a.now + skew).isoformat())
    ended = street.time(sita, rental_id, "ended_at")
    assert ended == (a.now if counts == "receipt" else a.now + skew)
    assert sita.rental(rental_id)["overdue_amount"] == ("5.00" if counts == "receipt" else "0.00")


def test_clock_skew_at_return_before_it_was_rented(out: Out, cabinets: Cabinets) -> None:
    """Custody keeps its order, and the rental follows custody."""
    sita, rental_id = out()
    cabinets.take_back("A-1", at=utcnow() - timedelta(days=2))
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("completed", "0.00")
    assert found["ended_at"] >= found["started_at"]


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """Set the machine's own time zone, which must not matter."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


# Clocks go forward in New York at 07:00 UTC on 8 March 2026, back at 06:00 UTC on 1 November.
CHANGES = [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kathmandu", "UTC"], indirect=True)
@pytest.mark.parametrize("change_at", CHANGES)
def test_daylight_boundaries_change_no_fee(zone: str, change_at: datetime) -> None:
    due = (change_at - timedelta(minutes=30)).astimezone()  # as the machine itself would write it
    for minutes, hours in ((0, 0), (60, 1), (61, 2), (24 * 60, 24)):
        until = (due.astimezone(UTC) + timedelta(minutes=minutes)).astimezone()
        assert fees.overdue_fee(due_at=due.astimezone(UTC), until=until.astimezone(UTC), rate=5_00) == hours * 5_00


@pytest.mark.parametrize("zone", ["America/New_York"], indirect=True)
def test_daylight_boundaries_of_the_machine_leave_a_rental_alone(zone: str, out: Out, cabinets: Cabinets) -> None:
    """A database session and a process in a zone with summer time write and read the same moments."""
    sita, rental_id = out(ago=1)
    began = CHANGES[1] - timedelta(minutes=30)
    change(
        cabinets.app,
        f"UPDATE rentals SET started_at = '{began.isoformat()}', metered_from = '{began.isoformat()}',"
        f" due_at = '{(began + timedelta(hours=1)).isoformat()}'",
    )
    with cabinets.app.app_context(), transaction() as session:
        session.execute(text("SET LOCAL TIME ZONE 'America/New_York'"))
        bank, station = session.execute(text("SELECT bank_id, station_id FROM rentals")).one()
        returns.process_return(
            rental_id=UUID(rental_id),
            bank_id=bank,
            station_id=station,
            slot_number=2,
            provisional=False,
            how="event",
            returned_at=began + timedelta(hours=2, seconds=1),
            now=utcnow(),
        )
    cabinets.work()
    assert sita.rental(rental_id)["overdue_amount"] == "10.00", "one hour and a second late"
    assert sita.rental(rental_id)["due_at"] == "2026-11-01T06:30:00Z"


@pytest.mark.parametrize(("before", "after"), [(1, 1), (60, 60)])
def test_midnight_boundaries_change_no_fee(before: int, after: int) -> None:
    """A day of a cap is 24 hours since the due time, not a date."""
    midnight = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)  # of Kathmandu
    due, until = midnight - timedelta(minutes=before), midnight + timedelta(minutes=after)
    hours = -(-(before + after) // 60)
    assert fees.overdue_fee(due_at=due, until=until, rate=5_00, cap_per_day=20_00) == hours * 5_00
    day_later = until + timedelta(hours=24)
    assert fees.overdue_fee(due_at=due, until=day_later, rate=5_00, cap_per_day=20_00) == 20_00 + hours * 5_00


def test_midnight_boundaries_of_the_free_day(out: Out, cabinets: Cabinets) -> None:
    """Giving back free of charge counts for the local day on which the rental began, not the day of UTC."""
    midnight = datetime(2026, 11, 20, 18, 15, tzinfo=UTC)
    assert local_day(midnight - timedelta(seconds=1)) != local_day(midnight)
    sita, rental_id = out(ago=2)
    began = datetime.fromisoformat(sita.rental(rental_id)["started_at"])
    sita.post(f"/rentals/{rental_id}/cancel")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert rows(cabinets.app, "SELECT day FROM rental_free_cancellations") == [(local_day(began),)]
