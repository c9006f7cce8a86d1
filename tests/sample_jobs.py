"""Jobs that only tests know. Each leaves a row in `test_effects`, a table of the test databases."""

import os
import signal
import time
from pathlib import Path

from sqlalchemy import text

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import open_session
from powerbank.base.errors import PermanentError
from powerbank.outbox import catalogue
from powerbank.outbox.policy import JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

EFFECTS_TABLE = """
CREATE TABLE IF NOT EXISTS test_effects (id bigserial PRIMARY KEY, key text NOT NULL, at timestamptz DEFAULT now())
"""

_HERE = "tests.sample_jobs"
EFFECT = JobSpec("test_effect", body=f"{_HERE}.leave_effect", queue=Queue.DEFAULT, retries=retry_after(1, 1, 1))
URGENT = JobSpec("test_urgent", body=f"{_HERE}.leave_effect", queue=Queue.CRITICAL, retries=retry_after(1))
AT_STATION = JobSpec("test_at_station", body=f"{_HERE}.leave_effect", queue=Queue.IOT, retries=retry_after(1))
SLOW = JobSpec("test_slow", body=f"{_HERE}.leave_effect_slowly", queue=Queue.DEFAULT, retries=retry_after(1, 1, 1))
UNREPEATED = JobSpec("test_unrepeated", body=f"{_HERE}.leave_effect_slowly", queue=Queue.DEFAULT)
STEPWISE = JobSpec(
    "test_stepwise", body=f"{_HERE}.call_vendor", queue=Queue.DEFAULT, retries=retry_after(1, 1, 1), stepwise=True
)
FAILING = JobSpec("test_failing", body=f"{_HERE}.fail", queue=Queue.DEFAULT, retries=retry_after(1, 1))
PERSISTENT = JobSpec("test_persistent", body=f"{_HERE}.fail", queue=Queue.DEFAULT, retries=retry_until_done(1))
REFUSED = JobSpec("test_refused", body=f"{_HERE}.refuse", queue=Queue.DEFAULT, retries=retry_after(1, 1))
DEADLY = JobSpec("test_deadly", body=f"{_HERE}.kill_worker", queue=Queue.DEFAULT, retries=retry_after(1))
ENDLESS = JobSpec("test_endless", body=f"{_HERE}.sleep_for_ever", queue=Queue.DEFAULT, time_limit=1)
BRIEF = JobSpec("test_brief", body=f"{_HERE}.leave_effect", queue=Queue.DEFAULT, expires=60, on_dead="test_resolved")
RESOLVED = JobSpec("test_resolved", body=f"{_HERE}.resolve", queue=Queue.DEFAULT)
LOSABLE = JobSpec("test_losable", body=f"{_HERE}.nothing", queue=Queue.ANALYTICS, retries=retry_after(1), durable=False)
ONE_AT_A_TIME = JobSpec("test_one", body=f"{_HERE}.leave_effect", queue=Queue.DEFAULT, unique=Unique.WHILE_OPEN)
ONCE = JobSpec("test_once", body=f"{_HERE}.leave_effect", queue=Queue.DEFAULT, unique=Unique.ONCE)
TALKATIVE = JobSpec("test_talkative", body=f"{_HERE}.make_the_database_name_a_number", queue=Queue.DEFAULT)
SLOT = JobSpec("test_slot", body=f"{_HERE}.leave_slot", queue=Queue.DEFAULT)

# One schedule has a slot each second, so that nobody waits for minutes. The daily one shows the time zone.
SCHEDULES = (
    Schedule("test-slots", job=SLOT, cron="* * * * * *", timezone="UTC", catch_up=True, pass_slot=True),
    Schedule("test-daily", job=RESOLVED, cron="0 3 * * *", timezone="Asia/Kathmandu", arguments={"key": "daily"}),
)

TOLD = JobSpec("test_told", body=f"{_HERE}.hear_of_page", queue=Queue.DEFAULT)
TOLD_TOO = JobSpec("test_told_too", body=f"{_HERE}.hear_of_page_too", queue=Queue.DEFAULT)


def register() -> None:
    catalogue.register(
        EFFECT,
        URGENT,
        AT_STATION,
        SLOW,
        UNREPEATED,
        STEPWISE,
        FAILING,
        PERSISTENT,
        REFUSED,
        DEADLY,
        ENDLESS,
        BRIEF,
        RESOLVED,
        LOSABLE,
        ONE_AT_A_TIME,
        ONCE,
        SLOT,
        TALKATIVE,
        TOLD,
        TOLD_TOO,
    )


def leave_effect(*, key: str, padding: str = "") -> None:
    open_session().execute(text("INSERT INTO test_effects (key) VALUES (:key)"), {"key": key})


def leave_effect_slowly(*, key: str, seconds: float) -> None:
    leave_effect(key=key)
    time.sleep(seconds)


def leave_slot(*, slot: str) -> None:
    leave_effect(key=slot)


def call_vendor(run: StepwiseRun, *, key: str, seconds: float = 0) -> None:
    """Call a vendor, which is a file: each line is a request that it got."""
    answer = run.call("call", lambda idempotency_key: _vendor(key, idempotency_key, seconds), ask=_asked)
    with run.finish():
        leave_effect(key=f"{key}:{answer['reference']}")


def _vendor(key: str, idempotency_key: str, seconds: float) -> dict[str, object]:
    with Path(os.environ["TEST_VENDOR"]).open("a") as book:
        book.write(f"{idempotency_key} {key}\n")
    time.sleep(seconds)
    return {"reference": idempotency_key}


def _asked(idempotency_key: str) -> dict[str, object] | None:
    lines = Path(os.environ["TEST_VENDOR"]).read_text().splitlines()
    known = any(line.startswith(f"{idempotency_key} ") for line in lines)
    return {"reference": idempotency_key} if known else None


def fail(*, key: str) -> None:
    leave_effect(key=key)  # must not survive the failure
    raise RuntimeError("the vendor is on holiday")


def refuse(*, key: str) -> None:
    leave_effect(key=key)
    raise PermanentError("no such account")


def make_the_database_name_a_number() -> None:
    """Make the database refuse a double entry, in an error that names the value."""
    values = "(:name, 'worker', '{}', 'here', 1, now(), now())"
    columns = "(name, kind, queues, host, pid, started_at, seen_at)"
    for _ in range(2):
        name = {"name": "+977" + "9841234567"}
        open_session().execute(text(f"INSERT INTO heartbeats {columns} VALUES {values}"), name)


def kill_worker(*, key: str) -> None:
    leave_effect(key=key)
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_for_ever(*, key: str) -> None:
    leave_effect(key=key)
    time.sleep(3600)


def resolve(*, key: str) -> None:
    leave_effect(key=f"resolved:{key}")


def hear_of_page(*, slug: str, language: str, revision_id: str) -> None:
    leave_effect(key=f"{slug} {language}")


def hear_of_page_too(*, slug: str, language: str, revision_id: str) -> None:
    leave_effect(key=f"also {slug} {language}")


def nothing(*, fail_first: bool = False) -> None:
    if fail_first:
        raise RuntimeError("lost")
