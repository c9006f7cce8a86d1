"""How a reservation ends of which no rental came: it is cancelled, expires, is shortened or lost."""

from uuid import UUID

import pytest
from flask import Flask

from jobs.rentals import run_sweep
from powerbank.base.db import transaction, utcnow
from powerbank.rentals.reservations import services
from powerbank.rentals.reservations.sweeps import reservation_steps
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Renter, Renters
from tests.rentals.reservations.conftest import Pass, reserve
from tests.stations.conftest import Make

pytestmark = pytest.mark.usefixtures("three_banks")


def sweep(app: Flask, cabinets: Cabinets) -> None:
    with app.app_context():
        run_sweep(*reservation_steps(utcnow()))
    cabinets.work()


def status(person: Renter, reservation_id: str) -> tuple[str, str]:
    found = person.get(f"/reservations/{reservation_id}")
    return found["status"], found["fee"]


def notices(person: Renter) -> list[str]:
    return [each["type"] for each in person.get("/notifications")["items"] if "reservation" in each["type"]]


def is_free(app: Flask) -> bool:
    return (
        rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]
        and rows(app, "SELECT available_banks FROM station_live") == [(3,)]
        and rows(app, "SELECT count(*) FROM ledger_holds WHERE status = 'open'") == [(0,)]
    )


def test_it_is_cancelled_free_of_charge_in_the_free_minutes(app: Flask, sita: Renter, hour: UUID) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    cancelled = sita.client.delete(f"/api/reservations/{kept}", headers=sita.headers)
    assert (cancelled.status_code, cancelled.get_json()["status"], cancelled.get_json()["fee"]) == (
        200,
        "cancelled",
        "0.00",
    )
    assert sita.wallet() == ("80.00", "0.00", 0, "0.00")
    assert is_free(app)
    assert sita.client.delete(f"/api/reservations/{kept}", headers=sita.headers).get_json() == cancelled.get_json()


def test_later_the_minutes_are_paid(app: Flask, sita: Renter, hour: UUID, pass_minutes: Pass) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(16.5)
    sita.client.delete(f"/api/reservations/{kept}", headers=sita.headers)
    assert status(sita, kept) == ("cancelled", "7.00")
    assert sita.wallet() == ("73.00", "0.00", 0, "0.00")
    assert is_free(app)


def test_a_used_one_is_not_cancelled(sita: Renter, hour: UUID) -> None:
    kept = reserve(sita, hour).get_json()["reservation_id"]
    sita.initiate(hour)
    refused = sita.client.delete(f"/api/reservations/{kept}", headers=sita.headers)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "reservation_over")


@pytest.mark.parametrize("by", ["job", "sweep"])
def test_it_expires_by_itself_with_its_money_right(
    app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets, pass_minutes: Pass, by: str
) -> None:
    kept = reserve(sita, hour, minutes=15).get_json()["reservation_id"]
    cabinets.work()
    planned = rows(app, "SELECT run_after FROM outbox_jobs WHERE job = 'expire_reservation'")
    assert planned == rows(app, "SELECT expires_at FROM reservations")
    assert status(sita, kept) == ("active", "5.00")
    pass_minutes(30)
    if by == "sweep":
        sweep(app, cabinets)
    else:
        for _ in range(2):
            with app.app_context(), transaction():
                services.expire_reservation(UUID(kept), now=utcnow())
    cabinets.work()
    assert status(sita, kept) == ("expired", "5.00")
    assert sita.wallet() == ("75.00", "0.00", 0, "0.00")
    assert is_free(app)
    assert notices(sita) == ["reservation_charged"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE stations SET maintenance = true",
        "UPDATE station_live SET last_seen = now() - interval '5 min'",
        "UPDATE stations SET rent_enabled = false",
        "UPDATE slots SET works = 'faulty'",
        """UPDATE station_live SET hours = '{"weekly": {}}'""",
    ],
)
def test_a_station_that_cannot_give_costs_nothing(
    app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets, pass_minutes: Pass, sql: str
) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(15)
    change(app, sql)
    sweep(app, cabinets)
    assert status(sita, kept) == ("lost", "0.00")
    assert sita.wallet() == ("80.00", "0.00", 0, "0.00")
    assert rows(app, "SELECT count(*) FROM bank_reservations") == [(0,)]
    assert notices(sita) == ["reservation_lost"]


@pytest.mark.parametrize("how", ["cancelled", "expired", "left"])
def test_who_could_not_have_rented_there_pays_no_minutes(
    app: Flask,
    sita: Renter,
    hour: UUID,
    cabinets: Cabinets,
    make_station: Make,
    pass_minutes: Pass,
    how: str,
) -> None:
    """The station has closed, and the sweep of the minute has not come to it yet."""
    make_station("B", charges={1: 90})
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    pass_minutes(25 if how == "expired" else 15)
    change(app, """UPDATE station_live SET hours = '{"weekly": {}}' WHERE sn = 'A'""")
    if how == "cancelled":
        sita.client.delete(f"/api/reservations/{kept}", headers=sita.headers)
    elif how == "expired":
        with app.app_context(), transaction():
            services.expire_reservation(UUID(kept), now=utcnow())
    else:
        assert sita.initiate(hour, sn="B").status_code == 202
    assert status(sita, kept) == ("lost", "0.00")
    assert sita.wallet()[0] == ("30.00" if how == "left" else "80.00")


def test_a_station_that_is_gone_for_a_moment_keeps_it(app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets) -> None:
    kept = reserve(sita, hour).get_json()["reservation_id"]
    change(app, "UPDATE station_live SET online = false")
    change(app, "INSERT INTO station_state (station_id, changed_at) SELECT id, now() FROM stations")
    sweep(app, cabinets)
    assert status(sita, kept)[0] == "active"
    change(app, "UPDATE station_state SET changed_at = now() - interval '31 s'")
    sweep(app, cabinets)
    assert status(sita, kept)[0] == "lost"


def test_another_bank_is_kept_where_the_first_one_fails(
    app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets
) -> None:
    kept = reserve(sita, hour).get_json()["reservation_id"]
    change(app, "UPDATE power_banks SET quarantine_reason = 'test' WHERE serial = 'A-2'")
    sweep(app, cabinets)
    found = sita.get(f"/reservations/{kept}")
    assert (found["status"], found["slot_number"]) == ("active", 3)
    assert notices(sita) == []


def test_the_last_bank_is_given_back_soon(
    app: Flask, sita: Renter, hour: UUID, cabinets: Cabinets, renter: Renters, pass_minutes: Pass
) -> None:
    kept = reserve(sita, hour, minutes=20).get_json()["reservation_id"]
    sweep(app, cabinets)
    before = sita.get(f"/reservations/{kept}")["expires_at"]
    for name in ("ram", "hari"):
        renter(name).initiate(hour)
    sweep(app, cabinets)
    assert sita.get(f"/reservations/{kept}")["expires_at"] < before
    sweep(app, cabinets)
    assert notices(sita) == ["reservation_shortened"]
    pass_minutes(4.1)
    sweep(app, cabinets)
    assert status(sita, kept) == ("expired", "0.00")
    assert sita.wallet() == ("80.00", "0.00", 0, "0.00")
