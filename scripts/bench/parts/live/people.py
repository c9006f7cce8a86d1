"""People who sign in and changes that concern them, for `scripts/bench/live.py`.

python -m scripts.bench.parts.live.people join COUNT            prints their access tokens as JSON
python -m scripts.bench.parts.live.people open-station          makes a station, prints its number
python -m scripts.bench.parts.live.people tell COUNT A_SECOND   changes something of random people, prints when
python -m scripts.bench.parts.live.people tell-all SN           changes what everybody follows, prints when
python -m scripts.bench.parts.live.people cost COUNT            prints what an announcement costs a transaction
python -m scripts.bench.parts.live.people look-up COUNT         prints how long it takes to look up all sign-ins
"""

import json
import random
import statistics
import sys
import time
from typing import Any
from uuid import UUID

from flask_jwt_extended import create_access_token
from sqlalchemy import text

from powerbank import create_app
from powerbank.api.auth import USER_AUDIENCE, validity_claims
from powerbank.auth.sign_ins import find_ended_sign_ins
from powerbank.auth.tokens import REFRESH_LIFETIME
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.live import changes
from powerbank.stations.registry import services

PEOPLE = text("""
    INSERT INTO users (id, username, first_name, last_name, city, referral_code)
    SELECT id, 'person' || n, 'Sita', 'Sharma', 'Kathmandu', 'C' || n
      FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS p (id, n)
""")
SIGN_INS = text("""
    INSERT INTO sessions (id, user_id)
    SELECT id, user_id FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS uuid[])) AS s (id, user_id)
""")
CHANGE = text("UPDATE users SET city = :city WHERE id = :id")
WARM_UP = 20
ROW = 100


def join(count: int) -> list[str]:
    people, sign_ins = [new_id() for _ in range(count)], [new_id() for _ in range(count)]
    with transaction() as session:
        session.execute(PEOPLE, {"ids": people})
        session.execute(SIGN_INS, {"ids": sign_ins, "people": people})
    claims = validity_claims(REFRESH_LIFETIME)
    return [
        create_access_token(str(person), additional_claims={"aud": USER_AUDIENCE, "sid": str(sign_in), **claims})
        for person, sign_in in zip(people, sign_ins, strict=True)
    ]


def open_station() -> str:
    facts = {"name": "Thamel", "address": "Thamel Marg 1", "city": "Kathmandu", "lat": 27.7153, "lng": 85.3123}
    with transaction():
        services.register_station(**facts, sn="A", imei="A", protocol="json-v1", slots=4, now=utcnow())
    return "A"


def tell(count: int, a_second: float) -> dict[str, float]:
    """When each commit was asked for, by the id of the change. The first few are not counted."""
    people = [str(row[0]) for row in db.session.execute(text("SELECT id FROM users"))]
    asked: dict[str, float] = {}
    due = time.monotonic()
    for number in range(count + WARM_UP):
        person, change = random.choice(people), f"{new_id()}"  # noqa: S311
        with transaction() as session:
            session.execute(CHANGE, {"id": person, "city": str(number)})
            topics = (changes.topic_of_user(person), f"rental:{change}")
            changes.announce(*topics, kind="rental", id=change, version=number)
            if number >= WARM_UP:
                asked[change] = time.monotonic()
        due += 1 / a_second
        time.sleep(max(0.0, due - time.monotonic()))
    return asked


def tell_all(sn: str) -> dict[str, float]:
    change = str(new_id())
    with transaction():
        changes.announce(f"station:{sn}", "stations", kind="station", id=change)
        return {change: time.monotonic()}


def cost(count: int) -> dict[str, float]:
    """Milliseconds of one small transaction, without an announcement and with three. Each kind comes in rows of a
    hundred by turns, so that what the thread of the teller takes counts with those that gave it work."""
    [person] = db.session.execute(text("SELECT id FROM users LIMIT 1")).scalars()
    db.session.execute(text("SET SESSION synchronous_commit = off"))  # a disk's moods are larger than what is measured
    db.session.commit()
    took: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * count // ROW):
        announces = bool(number % 2)
        began = time.perf_counter()
        for _ in range(ROW):
            _change_something(person, announces=announces)
        took[announces].append((time.perf_counter() - began) / ROW * 1000)
        time.sleep(0.1)
    return {"without": statistics.median(took[False]), "with": statistics.median(took[True])}


def _change_something(person: UUID, *, announces: bool) -> None:
    with transaction() as session:
        session.execute(CHANGE, {"id": person, "city": "Pokhara"})
        if announces:
            changes.announce(f"rental:{person}", "rentals", kind="rental", id=person, version=1)
            changes.announce(changes.topic_of_user(person), kind="rental", id=person, version=1)
            changes.announce(changes.topic_of_user(person), kind="wallet", id=None)


def look_up(count: int) -> float:
    """Milliseconds in which the live process finds the ended ones among all sign-ins."""
    held = [(f"user:{row[0]}", str(row[1])) for row in db.session.execute(text("SELECT user_id, id FROM sessions"))]
    db.session.rollback()
    took = []
    for _ in range(count):
        began = time.perf_counter()
        assert find_ended_sign_ins(held) == {}  # noqa: S101
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def main() -> None:
    what, *words = sys.argv[1:]
    with create_app().app_context():
        found: Any
        if what == "join":
            found = join(int(words[0]))
        elif what == "open-station":
            found = open_station()
        elif what == "tell":
            found = tell(int(words[0]), float(words[1]))
        elif what == "tell-all":
            found = tell_all(words[0])
        else:
            found = {"cost": cost, "look-up": look_up}[what](int(words[0]))
        print(json.dumps(found))


if __name__ == "__main__":
    main()
