"""Staff are told once of each anomaly."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import new_id, transaction, utcnow
from powerbank.ledger.movements import holds, refunds
from powerbank.ledger.sources import Sources
from powerbank.rentals.staff import anomalies
from tests.ledger.conftest import about, key, make_person
from tests.people import change, rows
from tests.promotions.conftest import Make, coupon, redeem  # noqa: F401
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out

_ANOTHER = text("""
    INSERT INTO rentals SELECT (r).* FROM (SELECT jsonb_populate_record(rentals, jsonb_build_object(
        'id', CAST(:id AS text), 'code', CAST(:code AS text)) || CAST(:changes AS jsonb)) AS r
      FROM rentals WHERE code = :like) AS copies
""")

_JOINED_EARLIER = text("""
    INSERT INTO users (id, username, referral_code)
    SELECT uuidv7(interval '-2 hours'), 'u' || n, 'c' || n FROM generate_series(1, :count) n
""")


def told(app: Flask, cabinets: Cabinets, *, after: timedelta = timedelta()) -> list[str]:
    for _ in range(2):
        with app.app_context(), transaction():
            anomalies.scan_for_anomalies(now=utcnow() + after)
        cabinets.work()
    found = rows(app, "SELECT context ->> 'detail' AS detail FROM staff_notices WHERE type = 'anomaly' ORDER BY id")
    return [row.detail for row in found]


def copies(app: Flask, like: str, count: int, **changes: Any) -> None:
    import json

    with app.app_context(), transaction() as session:
        for number in range(count):
            session.execute(
                _ANOTHER, {"id": str(new_id()), "code": f"RCOPY{number}", "like": like, "changes": json.dumps(changes)}
            )


def test_rental_far_longer_than_usual_is_an_anomaly(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=600, minutes=60)
    code = sita.rental(rental_id)["rental_code"]
    assert told(app, cabinets) == [], "nobody knows yet what is usual"
    began = utcnow() - timedelta(hours=20)
    ended = began + timedelta(hours=1)
    copies(app, code, 20, status="completed", started_at=began.isoformat(), ended_at=ended.isoformat())
    assert told(app, cabinets) == [f"rental {code} is out for 10 hours, far beyond the usual"]


def test_usual_rental_is_no_anomaly(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=150, minutes=60)
    began = utcnow() - timedelta(hours=20)
    ended = began + timedelta(hours=1)
    code = sita.rental(rental_id)["rental_code"]
    copies(app, code, 20, status="completed", started_at=began.isoformat(), ended_at=ended.isoformat())
    assert told(app, cabinets) == []


def test_station_without_returns_is_an_anomaly(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    copies(app, sita.rental(rental_id)["rental_code"], 4)
    assert told(app, cabinets) == []
    assert told(app, cabinets, after=timedelta(hours=36)) == [
        "5 of 5 power banks that left station A a day ago are not back"
    ]


def test_station_that_refuses_is_an_anomaly(app: Flask, out: Out, cabinets: Cabinets) -> None:
    out(ago=30)
    more = """INSERT INTO station_commands
                     (id, station_id, command, status, serial, slot_number, requested_by, deadline, finished_at)
              SELECT uuidv7(), station_id, command, 'failed', serial, slot_number, 'x', now(), now()
                FROM station_commands WHERE command = 'eject_powerbank' AND requested_by <> 'x' LIMIT 1"""
    for _ in range(8):
        change(app, more)
    assert told(app, cabinets) == []
    change(app, more)
    assert told(app, cabinets) == ["station A failed 9 of its last 10 ejections"]


def test_burst_of_sign_ups_is_an_anomaly(app: Flask, clean: None, cabinets: Cabinets) -> None:
    with app.app_context():
        for _ in range(20):
            make_person()
    assert told(app, cabinets) == ["20 sign-ups in a quarter of an hour, where 0.0 are usual"]


@pytest.mark.parametrize(("earlier", "count"), [(379, 1), (380, 0)])
def test_burst_is_five_times_the_usual_number_of_that_day(
    app: Flask, clean: None, cabinets: Cabinets, earlier: int, count: int
) -> None:
    with app.app_context():
        for _ in range(20):
            make_person()
    with app.app_context(), transaction() as session:
        session.execute(_JOINED_EARLIER, {"count": earlier})
    assert len(told(app, cabinets)) == count


def test_burst_of_refunds_is_an_anomaly(app: Flask, clean: None, cabinets: Cabinets) -> None:
    with app.app_context():
        person = make_person(wallet=1000_00)
        paid = [spend(person) for _ in range(21)]
        for each in paid[:19]:
            give_back(each)
    assert told(app, cabinets) == [], "payments are none, and 19 refunds are not many"
    with app.app_context():
        for each in paid[19:]:
            give_back(each)
    assert told(app, cabinets) == ["21 refunds in a quarter of an hour, where 0.0 are usual"]


def test_burst_of_coupons_is_an_anomaly(
    app: Flask,
    coupon: Make,  # noqa: F811
    cabinets: Cabinets,
) -> None:
    coupon(kind="amount", value=20_00, per_user_limit=20)
    person = make_person()
    for _ in range(19):
        redeem(person)
    assert told(app, cabinets) == []
    redeem(person)
    assert told(app, cabinets) == ["20 coupons used in a quarter of an hour, where 0.0 are usual"]


def spend(person: UUID) -> UUID:
    with transaction():
        return holds.spend_without_hold(
            user_id=person, reference=about(), sources=Sources(wallet=10_00), key=key(), actor="test"
        ).id


def give_back(paid: UUID) -> None:
    with transaction():
        refunds.refund_payment(transaction_id=paid, key=key(), actor="test")
