"""A start that is refused leaves one row of who wanted what and why not; one that succeeds leaves none."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import first_id_of, new_id, transaction, utcnow
from powerbank.rentals.start import refusals
from powerbank.rentals.start.admission import Admission
from powerbank.rentals.start.models import RefusedStart
from tests.people import change, rows
from tests.rentals.conftest import Packages, Renter, Renters
from tests.stations.conftest import Make

KEPT = "SELECT user_id, station_sn, reason, value FROM refused_starts"


def test_a_refusal_is_kept_with_its_reason_and_what_was_not_sold(
    app: Flask, renter: Renters, package: Packages, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    sita = renter(wallet="20.00")
    assert sita.initiate(package(price="50.00")).status_code == 402
    change(app, "UPDATE station_live SET online = false")
    assert sita.initiate(package(price="0.00", unit=(30, "7.00"))).status_code == 409
    assert sita.initiate(package(), sn="nowhere").status_code == 404
    assert rows(app, f"{KEPT} ORDER BY id") == [
        (sita.id, "A", "insufficient_funds", 5000),
        (sita.id, "A", "station_offline", 700),
        (sita.id, "nowhere", "not_found", 5000),
    ]


def test_neither_a_start_nor_a_request_that_is_wrong_in_itself_is_kept(
    app: Flask, renter: Renters, package: Packages, make_station: Make
) -> None:
    make_station("A", charges={1: 90, 2: 90})
    sita, one_hour = renter(), package()
    assert sita.initiate(one_hour, method="barter").status_code == 422
    path, body = "/rentals/initiate", {"station_sn": "A", "package_id": str(one_hour), "payment_method": "wallet_only"}
    assert sita.client.post(f"/api{path}", json=body, headers=sita.headers | {"Idempotency-Key": ""}).status_code == 400
    assert sita.post(path, body, key="k").status_code == 202
    assert sita.post(path, body, key="k").status_code == 202
    assert sita.post(path, body | {"payment_method": "combination"}, key="k").status_code == 409
    assert rows(app, KEPT) == []


def test_a_start_that_was_not_admitted_is_kept_with_the_next_look(
    app: Flask, renter: Renters, package: Packages, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_station("A", charges={1: 90})
    sita, one_hour = renter(), package()
    slow = Admission(app)
    slow._room = 0
    monkeypatch.setitem(app.extensions, "start_admission", slow)
    assert sita.initiate(one_hour).status_code == 503
    assert rows(app, KEPT) == []
    with app.app_context():
        slow._write_refusals()
        slow._write_refusals()
    assert rows(app, KEPT) == [(sita.id, "A", "starts_refused", 5000)]


def test_the_answer_does_not_depend_on_the_row(
    app: Flask, renter: Renters, package: Packages, make_station: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_station("A", charges={})
    sita, one_hour = renter(), package()
    monkeypatch.setattr(refusals, "_WRITE", text("INSERT INTO a_table_that_is_not_there VALUES (1)"))
    refused = sita.initiate(one_hour)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "no_powerbank_available")


def test_old_rows_become_sums_of_their_days(app: Flask, renter: Renters, context: Flask) -> None:
    sita, now = renter(), utcnow()
    for age in (89, 91, 91):
        _keep(sita, now - timedelta(days=age))
    for _ in range(2):
        with transaction():
            refusals.sum_up_old_refusals(now)
    assert rows(app, "SELECT count(*) FROM refused_starts") == [(1,)]
    assert rows(app, "SELECT station_sn, reason, starts, value FROM refused_starts_of_days") == [
        ("A", "closed", 2, 200)
    ]
    _keep(sita, now - timedelta(days=91))
    with transaction():
        refusals.sum_up_old_refusals(now)
    assert rows(app, "SELECT starts, value FROM refused_starts_of_days") == [(3, 300)]


def _keep(person: Renter, at: datetime) -> None:
    with transaction() as session:
        session.add(
            RefusedStart(id=new_id_at(at), at=at, user_id=person.id, station_sn="A", reason="closed", value=100)
        )


def new_id_at(moment: datetime) -> UUID:
    """Make an id of this moment that no other row has."""
    return UUID(int=first_id_of(moment).int | new_id().int & (2**62 - 1))
