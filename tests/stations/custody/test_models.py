"""The database itself ensures that a power bank is in exactly one place."""

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import registration
from tests.databases import execute
from tests.stations.conftest import Make
from tests.stations.custody.test_services import list_stays_of_bank


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE custody SET place = 'lost'",
        "UPDATE custody SET cause = 'x'",
        "UPDATE custody SET period = tstzrange(lower(period) - interval '1 day', NULL)",
        "UPDATE custody SET period = tstzrange(lower(period), now())",  # and it would be nowhere
        "DELETE FROM custody",
        "TRUNCATE custody",
        "INSERT INTO custody (id, bank_id, place, cause, period)"
        " SELECT gen_random_uuid(), bank_id, 'lost', 'x', tstzrange(now(), NULL) FROM custody",
        "INSERT INTO custody (id, bank_id, place, cause, period)"
        " SELECT gen_random_uuid(), bank_id, 'lost', 'x', tstzrange('2000-01-01', '2001-01-01') FROM custody",
        "INSERT INTO power_banks (id, serial) VALUES (gen_random_uuid(), 'nowhere')",
    ],
)
@pytest.mark.parametrize("role", ["DATABASE_URL", "DATABASE_OWNER_URL"])
def test_the_database_holds_that_a_bank_is_in_one_place(
    context: Flask, environment: dict[str, str], role: str, statement: str
) -> None:
    with transaction():
        registration.register_banks(serials=["1"], model=None, now=utcnow())
    with pytest.raises(psycopg2.Error):
        execute(environment[role], statement)
    assert [row.place for row in list_stays_of_bank("1")] == ["warehouse"]


def test_a_gap_between_two_stays_is_refused(context: Flask) -> None:
    with transaction():
        registration.register_banks(serials=["1"], model=None, now=utcnow())
    statements = (
        "UPDATE custody SET period = tstzrange(lower(period), lower(period) + interval '1 s')",
        "INSERT INTO custody (id, bank_id, place, cause, period) SELECT gen_random_uuid(), bank_id, 'lost', 'x',"
        " tstzrange(upper(period) + interval '1 s', NULL) FROM custody",
    )
    with pytest.raises(IntegrityError):
        run_in_one_transaction(*statements)


def run_in_one_transaction(*statements: str) -> None:
    with transaction() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_bank_with_two_people_is_refused_by_the_database(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90})
    reserve = "INSERT INTO bank_reservations (bank_id, rental_id) SELECT id, gen_random_uuid() FROM power_banks"
    with pytest.raises(IntegrityError):
        run_in_one_transaction(reserve, reserve)
