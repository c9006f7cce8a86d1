"""Many requests and jobs at the same time. The database is checked afterwards."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.payments.options.methods import Method
from powerbank.rentals import sweeps
from powerbank.rentals.charges import extension
from powerbank.rentals.end import returns
from powerbank.rentals.start import initiation
from powerbank.users.models import User
from tests.ledger.conftest import top_up
from tests.people import rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out
from tests.rentals.rentals_in_states import MAY_RENT
from tests.stations.conftest import Make, seat_bank


def at_once(app: Flask, *jobs: Callable[[], Any], threads: int = 8) -> list[Any]:
    """Run each function in a context of its own, all at once. A refusal comes back as its code."""

    def run(job: Callable[[], Any]) -> Any:
        with app.app_context():
            try:
                with transaction():
                    return job()
            except AppError as refused:
                return refused.code

    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(run, jobs))


def many_people(app: Flask, count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    with app.app_context():
        for start in range(0, count, 50):
            with transaction() as session:
                for id_ in ids[start : start + 50]:
                    session.add(User(id=id_, username=f"u{uuid4().hex[:16]}", referral_code=uuid4().hex[:10]))
                    session.flush()
                    session.execute(MAY_RENT, {"id": id_})
                    top_up(id_, 100_00)
    return ids


def test_two_hundred_people_rent_ten_banks(
    app: Flask, make_station: Make, package: Callable[..., UUID], cabinets: Cabinets
) -> None:
    station = make_station("A", slots=12)
    with app.app_context(), transaction():
        for number in range(1, 11):
            seat_bank(station.id, number, f"A-{number}", 50 + number)
    one_hour = package()
    people = many_people(app, 200)

    def want(user_id: UUID) -> Callable[[], Any]:
        return lambda: (
            initiation.initiate_rental(
                user_id=user_id, station_sn="A", package_id=one_hour, method=Method.WALLET_ONLY, now=utcnow()
            ).status
        )

    told = Counter(at_once(app, *(want(each) for each in people)))
    assert told == {"pending": 10, "no_powerbank_available": 190}
    assert rows(app, "SELECT count(*), count(DISTINCT bank_id) FROM bank_reservations") == [(10, 10)]
    held = "SELECT count(*), sum(balance) FROM ledger_accounts WHERE kind = 'user_hold' AND balance > 0"
    assert rows(app, held) == [(10, 10 * 50_00)]
    assert rows(app, "SELECT available_banks FROM station_live") == [(0,)]


def test_person_who_rents_twice_at_once_gets_one_rental(
    app: Flask, make_station: Make, package: Callable[..., UUID]
) -> None:
    make_station("A", charges={1: 90, 2: 90, 3: 90, 4: 90})
    one_hour, [sita] = package(), many_people(app, 1)

    def want() -> Any:
        return initiation.initiate_rental(
            user_id=sita, station_sn="A", package_id=one_hour, method=Method.WALLET_ONLY, now=utcnow()
        ).status

    assert Counter(at_once(app, *[want] * 8)) == {"pending": 1, "open_rental_exists": 7}


def test_two_concurrent_returns_are_billed_once(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    with app.app_context():
        bank_id = db.session.scalar(text("SELECT bank_id FROM rentals"))
        station_id = db.session.scalar(text("SELECT station_id FROM rentals"))
    now = utcnow()

    def back() -> None:
        returns.process_return(
            rental_id=UUID(rental_id),
            bank_id=bank_id,
            station_id=station_id,
            slot_number=2,
            returned_at=now,
            provisional=False,
            how="event",
            now=now,
        )

    at_once(app, *[back] * 6)
    cabinets.work()
    assert sita.wallet()[0] == "445.00"
    assert rows(app, "SELECT count(*) FROM rental_events WHERE to_status = 'completed'") == [(1,)]


@pytest.mark.parametrize("turn", range(3))
def test_extension_racing_the_due_time(
    app: Flask, out: Out, package: Callable[..., UUID], cabinets: Cabinets, turn: int
) -> None:
    """Whoever is first, the hour that had begun is paid, and the rental is active with its new due time."""
    sita, rental_id = out(ago=60.01, minutes=60)
    more, now = package(price="30.00"), utcnow()

    def longer() -> str:
        return extension.extend_rental(UUID(rental_id), user_id=sita.id, package_id=more, method=None, now=now).status

    def due() -> None:
        sweeps.mark_overdue(UUID(rental_id), now)

    at_once(app, longer, due) if turn % 2 else at_once(app, due, longer)
    found = sita.rental(rental_id)
    assert (found["status"], found["amount_paid"]) == ("active", "85.00")


def test_top_up_racing_a_due(app: Flask, out: Out, cabinets: Cabinets) -> None:
    """Whoever is first, what is in the wallet and what is owed fit together."""
    sita, rental_id = out(ago=190, minutes=60, wallet="50.00", price="50.00")
    with app.app_context():
        bank_id = db.session.scalar(text("SELECT bank_id FROM rentals"))
        station_id = db.session.scalar(text("SELECT station_id FROM rentals"))
    now = utcnow()

    def back() -> None:
        returns.process_return(
            rental_id=UUID(rental_id),
            bank_id=bank_id,
            station_id=station_id,
            slot_number=2,
            returned_at=now,
            provisional=False,
            how="event",
            now=now,
        )

    at_once(app, back, lambda: top_up(sita.id, 100_00) and None)
    cabinets.work()
    balance, held, _, dues = sita.wallet()
    assert held == "0.00"
    assert (balance, dues) in (("85.00", "0.00"), ("100.00", "15.00"))
