"""Clients of the ledger in a process of their own: `clients VERB CLIENTS SECONDS`, each client a thread.

Says `ready`, waits for a line, works, and says how many times it did the verb and what refused it."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy.exc import DBAPIError

from powerbank import create_app
from powerbank.base.db import transaction
from powerbank.ledger import services
from powerbank.ledger.accounts import Kind, user_account
from powerbank.ledger.movements import holds, topups
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.sources import Sources

FIRST_PERSON = 100_000_000_000  # twelve digits: the end of an id
PEOPLE = 1000
STORMY = 20  # few people, so that they meet

_random = random.Random()  # noqa: S311 (it chooses people, not secrets)


def person(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{FIRST_PERSON + number}")


def top_up(number: int | None = None, amount: int = 100) -> None:
    key = str(uuid4())
    with transaction():
        topups.credit_topup(
            user_id=person(_random.randrange(PEOPLE) if number is None else number),
            gateway="khalti",
            amount=amount,
            key=key,
            actor="bench",
            reference=Reference("intent", key),
        )


def hold_and_capture() -> None:
    """Two transactions, as initiating a rental and its confirmed ejection are."""
    reference = Reference("rental", str(uuid4()))
    user_id = person(_random.randrange(PEOPLE))
    with transaction():
        holds.place_hold(user_id=user_id, reference=reference, amount=100, key=f"hold:{reference.id}", actor="bench")
    with transaction():
        holds.capture_hold(
            reference=reference, sources=Sources(wallet=100), key=f"capture:{reference.id}", actor="bench"
        )


def transfer() -> None:
    giver, taker = _random.sample(range(STORMY), 2)
    lines = [
        Line(user_account(Kind.USER_WALLET, person(giver)), -1),
        Line(user_account(Kind.USER_WALLET, person(taker)), 1),
    ]
    with transaction():
        services.post_entry(kind=EntryKind.TRANSFER, key=str(uuid4()), lines=lines, actor="bench")


VERBS: dict[str, Callable[[], None]] = {"topup": top_up, "pair": hold_and_capture, "transfer": transfer}


def work(app: Flask, verb: Callable[[], None], until: float) -> tuple[int, Counter[str]]:
    done, refused = 0, Counter[str]()
    with app.app_context():
        while time.monotonic() < until:
            try:
                verb()
                done += 1
            except DBAPIError as error:
                refused[type(error.orig).__name__] += 1
    return done, refused


def main() -> None:
    name, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    app, verb = create_app(), VERBS[name]
    with ThreadPoolExecutor(clients) as pool:
        warm = time.monotonic() + 0.3  # connections open, statements compiled
        list(pool.map(lambda _: work(app, verb, warm), range(clients)))
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        results = list(pool.map(lambda _: work(app, verb, began + seconds), range(clients)))
        took = time.monotonic() - began
    refused = sum((result[1] for result in results), Counter[str]())
    print(json.dumps({"rate": sum(result[0] for result in results) / took, "refused": refused}), flush=True)


if __name__ == "__main__":
    main()
