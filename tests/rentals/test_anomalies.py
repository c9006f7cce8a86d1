"""What is far from the usual is told to staff, once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import text

from powerbank.db import new_id, transaction, utcnow
from powerbank.rentals import anomalies
from tests.ledger.conftest import make_person
from tests.people import change, rows
from tests.rentals.conftest import Cabinets, Renter

Out = Callable[..., tuple[Renter, str]]
_ANOTHER = text("""
    INSERT INTO rentals SELECT (r).* FROM (SELECT jsonb_populate_record(rentals, jsonb_build_object(
        'id', CAST(:id AS text), 'code', CAST(:code AS text)) || CAST(:changes AS jsonb)) AS r
      FROM rentals WHERE code = :like) AS copies
""")


def told(app: Flask, cabinets: Cabinets, *, after: timedelta = timedelta()) -> list[str]:
    for _ in range(2):
        with app.app_context(), transaction():
            anomalies.scan(now=utcnow() + after)
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


def test_a_rental_far_beyond_the_usual(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=600, minutes=60)
    code = sita.rental(rental_id)["rental_code"]
    assert told(app, cabinets) == [], "nobody knows yet what is usual"
    began = utcnow() - timedelta(hours=20)
    ended = began + timedelta(hours=1)
    copies(app, code, 20, status="completed", started_at=began.isoformat(), ended_at=ended.isoformat())
    assert told(app, cabinets) == [f"rental {code} is out for 10 hours, far beyond the usual"]


def test_a_rental_like_the_others_is_nothing(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=150, minutes=60)
    began = utcnow() - timedelta(hours=20)
    ended = began + timedelta(hours=1)
    code = sita.rental(rental_id)["rental_code"]
    copies(app, code, 20, status="completed", started_at=began.isoformat(), ended_at=ended.isoformat())
    assert told(app, cabinets) == []


def test_a_station_to_which_nothing_comes_back(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30, minutes=60)
    copies(app, sita.rental(rental_id)["rental_code"], 4)
    assert told(app, cabinets) == []
    assert told(app, cabinets, after=timedelta(hours=36)) == [
        "5 of 5 power banks that left station A a day ago are not back"
    ]


def test_a_station_that_refuses(app: Flask, out: Out, cabinets: Cabinets) -> None:
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


def test_a_burst_of_sign_ups(app: Flask, clean: None, cabinets: Cabinets) -> None:
    with app.app_context():
        for _ in range(20):
            make_person()
    assert told(app, cabinets) == ["20 sign-ups in a quarter of an hour, where 0.0 are usual"]
