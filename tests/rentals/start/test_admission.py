"""Starts that would take too long are refused at once, and nothing else is."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import NotAdmittedError
from powerbank.ops import queries, services
from powerbank.outbox import heartbeats
from powerbank.rentals.start import admission
from powerbank.rentals.start.admission import Admission, StartLoad, begin_admission, read_start_load
from tests.nursery import wait_until
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Packages, Renter, Renters
from tests.stations.conftest import Make

QUIET = StartLoad(waiting=0, unsettled=0, oldest_seconds=0.0, rate=0.0, workers=1, daemons=1, webs=1)
SLOW = replace(QUIET, waiting=20, oldest_seconds=4.0, rate=4.0)


@pytest.fixture
def gate(app: Flask) -> Iterator[Admission]:
    """The admission of this process, which looks only when a test says so."""
    app.extensions["start_admission"] = made = Admission(app)
    made._longest = 2.0  # seconds, whatever the default is
    yield made
    del app.extensions["start_admission"]


@pytest.fixture
def sita(renter: Renters, make_station: Make) -> Renter:
    make_station("A", charges={1: 90})
    return renter()


def room(gate: Admission, held: ExitStack | None = None) -> int:
    """How many starts are admitted before one is refused. They end afterwards, unless somebody holds them."""
    admitted = 0
    with ExitStack() as own:
        try:
            while True:
                (held or own).enter_context(gate.admit())
                admitted += 1
        except NotAdmittedError:
            return admitted


def start(person: Renter, package: UUID, key: str, **headers: str) -> Any:
    body = {"station_sn": "A", "package_id": str(package), "payment_method": "wallet_only"}
    sent = person.headers | {"Idempotency-Key": key} | headers
    return person.client.post("/api/rentals/initiate", json=body, headers=sent)


def test_refused_start_holds_nothing_and_its_key_is_a_fresh_try(
    app: Flask, gate: Admission, sita: Renter, package: Packages
) -> None:
    bought, key = package(), str(uuid4())
    gate.apply(SLOW)
    refused = start(sita, bought, key)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "starts_refused")
    assert admission.RETRY_AFTER[0] <= int(refused.headers["Retry-After"]) <= admission.RETRY_AFTER[1]
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")
    for table in ("rentals", "bank_reservations", "idempotency_keys"):
        assert rows(app, f"SELECT count(*) FROM {table}") == [(0,)]
    gate.apply(QUIET)
    assert start(sita, bought, key).status_code == 202


def test_refusal_does_not_wait_for_the_accounts_of_the_person(
    app: Flask, gate: Admission, sita: Renter, package: Packages
) -> None:
    bought = package()
    gate.apply(SLOW)
    with app.app_context(), db.engine.begin() as other:
        other.execute(text("SELECT 1 FROM ledger_accounts FOR UPDATE"))
        began = time.monotonic()
        assert start(sita, bought, str(uuid4())).status_code == 503
        assert time.monotonic() - began < 2


def test_refusal_is_told_in_nepali_and_retries_are_spread(gate: Admission, sita: Renter, package: Packages) -> None:
    bought = package()
    gate.apply(SLOW)
    told = [start(sita, bought, str(uuid4()), **{"Accept-Language": "ne"}) for _ in range(30)]
    assert "पावरबैंक" in told[0].get_json()["detail"]
    assert len({each.headers["Retry-After"] for each in told}) > 3


def test_start_that_was_accepted_has_its_answer_also_while_others_are_refused(
    gate: Admission, sita: Renter, package: Packages
) -> None:
    bought, key = package(), str(uuid4())
    gate.apply(QUIET)
    accepted = start(sita, bought, key)
    gate.apply(SLOW)
    again = start(sita, bought, key)
    assert (again.status_code, again.get_json()) == (202, accepted.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"


def test_cancellation_is_not_refused(gate: Admission, sita: Renter, package: Packages) -> None:
    gate.apply(QUIET)
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    gate.apply(SLOW)
    assert sita.post(f"/rentals/{rental_id}/cancel").status_code == 200
    assert sita.wallet() == ("500.00", "0.00", 0, "0.00")


def test_starts_that_wait_are_seen_in_the_database_until_their_commands_go_out(
    app: Flask, gate: Admission, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    bought = package()
    for sn in "ABC":
        make_station(sn, charges={1: 90})
        assert renter(f"person-{sn}").initiate(bought, sn=sn).status_code == 202
    change(app, "UPDATE outbox_jobs SET run_after = run_after - interval '9 s' WHERE job = 'process_rental_initiation'")
    with app.app_context():
        heartbeats.record(db.engine, name="w", kind="worker", queues=["critical"])
        heartbeats.record(db.engine, name="m", kind="mqtt", queues=[heartbeats.LISTENS])
        heartbeats.record(db.engine, name="b", kind="web", queues=[])
        seen = read_start_load()
    assert (seen.waiting, seen.workers, seen.daemons, seen.webs) == (3, 1, 1, 1)
    assert 9 <= seen.oldest_seconds < 30
    gate.apply(seen)
    assert room(gate) == 0
    cabinets.work()
    with app.app_context():
        assert read_start_load().unsettled == 3  # there is no broker, and their commands have not gone out
    change(app, "UPDATE station_commands SET status = 'sent', sent_at = now()")
    with app.app_context():
        after = read_start_load()
    assert (after.waiting, after.oldest_seconds, after.rate) == (0, 0.0, 1.0)
    gate.apply(after)
    assert room(gate) > 0


def test_answers_of_cabinets_that_nobody_has_settled_count_too(
    app: Flask, gate: Admission, renter: Renters, package: Packages, make_station: Make, cabinets: Cabinets
) -> None:
    bought = package()
    for sn in "AB":
        make_station(sn, charges={1: 90})
        assert renter(f"person-{sn}").initiate(bought, sn=sn).status_code == 202
    cabinets.work()
    change(app, "UPDATE station_commands SET status = 'succeeded', finished_at = now() - interval '4 s'")
    with app.app_context():
        heartbeats.record(db.engine, name="w", kind="worker", queues=["critical"])
        seen = read_start_load()
    assert (seen.waiting, seen.unsettled) == (0, 2)
    assert 4 <= seen.oldest_seconds < 30
    gate.apply(seen)
    assert room(gate) == 0


def test_second_start_at_a_station_is_refused_only_while_starts_wait_everywhere(
    gate: Admission, renter: Renters, package: Packages, make_station: Make
) -> None:
    bought = package()
    make_station("A", charges={1: 90, 2: 90, 3: 90})
    gate.apply(QUIET)
    assert renter("sita").initiate(bought).status_code == 202
    assert renter("gita").initiate(bought).status_code == 202
    gate.apply(replace(QUIET, waiting=3, oldest_seconds=0.5, rate=8.0))
    mina = renter("mina")
    refused = mina.initiate(bought)
    assert (refused.status_code, refused.get_json()["code"]) == (503, "starts_refused")
    assert mina.wallet() == ("500.00", "0.00", 0, "0.00")


def test_start_that_hangs_in_the_hand_of_a_worker_is_no_reason(app: Flask, sita: Renter, package: Packages) -> None:
    assert sita.initiate(package()).status_code == 202
    change(app, "UPDATE outbox_jobs SET run_after = run_after - interval '9 s' WHERE job = 'process_rental_initiation'")
    with app.app_context():
        heartbeats.record(db.engine, name="w", kind="worker", queues=["critical"])
        assert read_start_load().oldest_seconds == 0.0


def test_web_processes_share_what_fits_into_the_time(gate: Admission) -> None:
    load = replace(QUIET, webs=4, waiting=8, rate=16.0)
    with ExitStack() as in_hand:
        gate.apply(load)
        assert room(gate, in_hand) == (2 * 16 - 8) / 4
        gate.apply(load)
        assert room(gate) == 0
    gate.apply(load)
    assert room(gate) == 6


def test_slow_system_admits_less_and_recovers_by_itself(gate: Admission) -> None:
    for _ in range(10):
        gate.apply(replace(SLOW, waiting=4, oldest_seconds=1.0, rate=3.0))
    assert room(gate) == 2  # six starts take two seconds, and four wait
    gate.apply(replace(SLOW, waiting=4, oldest_seconds=1.0, rate=0.0))
    for _ in range(20):
        gate.apply(QUIET)
    assert room(gate) >= 14


@pytest.mark.parametrize("missing", ["workers", "daemons"])
def test_without_a_worker_or_a_daemon_starts_are_refused_after_a_while(
    gate: Admission, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    gate._wants_daemon = True
    gone = replace(QUIET, **{missing: 0})
    gate.apply(gone)
    assert gate._room > 0  # it may only be started anew
    monkeypatch.setattr(admission, "MISSING_AFTER", 0.0)
    gate.apply(gone)
    assert room(gate) == 0
    gate.apply(QUIET)
    assert room(gate) > 0


def test_process_that_cannot_look_refuses(gate: Admission, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.apply(QUIET)
    monkeypatch.setattr(admission, "BLIND_AFTER", -1.0)
    assert room(gate) == 0


def test_web_process_looks_by_itself(app: Flask, clean: None) -> None:
    with app.app_context():
        heartbeats.record(db.engine, name="w", kind="worker", queues=["critical"])
    begun = begin_admission(app)
    assert begun is not None
    try:
        before = begun._looked_at
        wait_until(lambda: begun._looked_at > before, 10, "it has looked")
        assert room(begun) > 0
    finally:
        begun.stop()
        del app.extensions["start_admission"]
    every_start = app.config["SETTINGS"].model_copy(update={"longest_start_seconds": 0.0})
    other = Flask("other")
    other.config["SETTINGS"] = every_start
    assert begin_admission(other) is None


def test_staff_are_told_by_the_heartbeat_of_the_web_process(app: Flask, clean: None, gate: Admission) -> None:
    gate.apply(QUIET)
    assert gate.describe_for_heartbeat() == []
    gate.apply(SLOW)
    room(gate)
    with app.app_context():
        heartbeats.record(db.engine, name="b", kind="web", queues=gate.describe_for_heartbeat())
        problems = queries.read_queue_health().alerts
        assert "starts_refused" in [each.kind for each in problems]
        with transaction():
            services.update_alerts([each for each in problems if each.kind == "starts_refused"], now=utcnow())
        assert (
            db.session.scalar(
                text(
                    "SELECT count(*) FROM outbox_jobs WHERE arguments ->> 'kind' = 'starts_refused' "
                    "OR arguments -> 'context' ->> 'detail' LIKE 'starts of rentals%'"
                )
            )
            >= 1
        )
