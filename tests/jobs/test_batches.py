"""Batches end, leave nothing out, and keep what earlier batches did when a later one fails."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from jobs.batches import repeat_until_none, work_in_batches, work_one_by_one
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.outbox.heartbeats import Heartbeat

IDS = sorted(new_id() for _ in range(5))


def two_after(after: UUID) -> list[UUID]:
    return [each for each in IDS if each > after][:2]


def write(id_: UUID) -> None:
    now = utcnow()
    db.session.add(
        Heartbeat(name=f"batch:{id_}", kind="worker", queues=[], host="here", pid=1, started_at=now, seen_at=now)
    )


def written() -> list[str]:
    return list(db.session.scalars(select(Heartbeat.name).where(Heartbeat.name.startswith("batch:"))))


def test_each_batch_is_one_transaction(context: Flask) -> None:
    seen: list[list[UUID]] = []
    assert work_in_batches(two_after, seen.append) == 5
    assert seen == [IDS[:2], IDS[2:4], IDS[4:]]


@pytest.mark.parametrize("one_by_one", [True, False])
def test_batches_before_a_failure_stay_committed(context: Flask, one_by_one: bool) -> None:
    def work(id_: UUID) -> None:
        write(id_)
        db.session.flush()
        if id_ == IDS[3]:
            raise ValueError("the fourth fails")

    def work_all(ids: list[UUID]) -> None:
        for id_ in ids:
            work(id_)

    with pytest.raises(ValueError, match="the fourth fails"):
        work_one_by_one(two_after, work) if one_by_one else work_in_batches(two_after, work_all)
    assert len(written()) == (3 if one_by_one else 2)


def test_a_batch_is_repeated_until_it_finds_nothing(context: Flask) -> None:
    left = [3, 2, 0]
    assert repeat_until_none(lambda: left.pop(0)) == 5
    assert left == []


def test_a_batch_may_not_open_a_transaction_itself(context: Flask) -> None:
    def nested() -> int:
        with transaction():
            return 0

    with pytest.raises(RuntimeError):
        repeat_until_none(nested)
