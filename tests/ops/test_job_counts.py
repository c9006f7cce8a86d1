"""How often jobs ran and how they ended, added up over all workers for whoever asks for metrics."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import create_engine, event, text

from jobs.worker.pulse import Pulse
from powerbank.base.db import db, transaction
from powerbank.ops import metrics
from powerbank.outbox import job_counts, relay
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.policy import JobSpec
from tests import sample_jobs

Work = Callable[..., None]


@pytest.fixture(autouse=True)
def _nothing_counted(context: Flask) -> Iterator[None]:
    job_counts._counted.clear()
    yield
    job_counts._counted.clear()


def accept(*specs: JobSpec) -> None:
    with transaction():
        for spec in specs:
            enqueue(spec, key=f"{spec.name} {id(spec)}")


def due() -> None:
    """Make each job due that waits for its next try."""
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE state = 'open'"))
    relay.send_all_open_jobs()


def exposed() -> str:
    db.session.rollback()
    return metrics.render_metrics().decode()


def told() -> dict[tuple[str, str], float]:
    families = text_string_to_metric_families(exposed())
    return {
        (sample.labels["job"], sample.labels["outcome"]): sample.value
        for family in families
        for sample in family.samples
        if sample.name == "powerbank_jobs_total"
    }


def test_runs_are_told_by_job_and_outcome(work: Work) -> None:
    accept(sample_jobs.EFFECT, sample_jobs.FAILING, sample_jobs.REFUSED)
    work()
    for _ in range(2):
        due()
        work()
    job_counts.write_counts(db.engine)
    assert told() == {
        ("test_effect", "done"): 1,
        ("test_failing", "retry"): 2,
        ("test_failing", "dead"): 1,
        ("test_refused", "dead"): 1,
    }


def test_what_comes_later_and_from_others_is_added(work: Work) -> None:
    for _ in range(3):
        accept(sample_jobs.EFFECT)
        work()
        job_counts.write_counts(db.engine)
        job_counts.write_counts(db.engine)  # nothing new
    assert told() == {("test_effect", "done"): 3}


def test_a_job_that_nobody_came_to_in_time_or_that_took_its_worker_along_is_counted_too(work: Work) -> None:
    relay.send_all_open_jobs()  # Redis has its memory
    accept(sample_jobs.BRIEF, sample_jobs.EFFECT)
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET expires_at = now() WHERE job = 'test_brief'"))
        session.execute(
            text("UPDATE outbox_jobs SET claimed_by = 'gone/1', lease_until = now() WHERE job = 'test_effect'")
        )
    relay.expire_unbegun()
    relay.redeliver_stranded()
    job_counts.write_counts(db.engine)
    assert told() == {("test_brief", "dead"): 1, ("test_effect", "crashed"): 1}


def test_times_are_told_as_a_histogram() -> None:
    for seconds in (0.004, 0.005, 0.3, 0.4, 9.0, 4000.0):
        job_counts.count_run("test_effect", "done", seconds)
    job_counts.write_counts(db.engine)
    job_counts.count_run("test_effect", "done", 1.5)
    job_counts.write_counts(db.engine)
    families = text_string_to_metric_families(exposed())
    [family] = [each for each in families if each.name == "powerbank_job_seconds"]
    buckets = {each.labels["le"]: each.value for each in family.samples if each.name.endswith("_bucket")}
    assert buckets == {
        "0.005": 2,
        "0.02": 2,
        "0.1": 2,
        "0.5": 4,
        "2.0": 5,
        "10.0": 6,
        "60.0": 6,
        "600.0": 6,
        "+Inf": 7,
    }
    [total] = [each.value for each in family.samples if each.name.endswith("_sum")]
    [count] = [each.value for each in family.samples if each.name.endswith("_count")]
    assert (count, round(total, 3)) == (7, 4011.209)


def test_workers_that_hand_over_at_once_lose_nothing_and_do_not_block_each_other(context: Flask) -> None:
    names = [f"job-{number}" for number in range(20)]

    def hand_over(number: int) -> None:
        for name in names if number % 2 else reversed(names):
            job_counts.count_run(name, "done", 0.1)
        job_counts.write_counts(db.engine)

    def in_context(number: int) -> None:
        with context.app_context():
            hand_over(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(in_context, range(40)))
    job_counts.write_counts(db.engine)
    assert told() == {(name, "done"): 40 for name in names}


def test_what_could_not_be_handed_over_is_kept() -> None:
    job_counts.count_run("test_effect", "done", 0.1)
    away = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    with pytest.raises(Exception, match="onnect"):
        job_counts.write_counts(away)
    job_counts.count_run("test_effect", "done", 0.1)
    job_counts.write_counts(db.engine)
    assert told() == {("test_effect", "done"): 2}


def test_a_worker_hands_over_when_it_ends(context: Flask, worker_of: Callable[..., object]) -> None:
    job_counts.count_run("test_effect", "done", 0.1)
    Pulse(context, worker_of()).stop()  # type: ignore[arg-type]
    assert told() == {("test_effect", "done"): 1}


def test_it_costs_whoever_asks_one_query_however_many_jobs_ran() -> None:
    for number in range(300):
        job_counts.count_run(f"job-{number}", "done", 0.1)
    job_counts.write_counts(db.engine)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert len(told()) == 300
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert sum("job_counts" in statement for statement in asked) == 1
