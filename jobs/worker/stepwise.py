"""The run of a stepwise job: calls of vendors that are noted, and a completion that needs the claim."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from powerbank.base import tracing
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.tracing import Kind
from powerbank.outbox import lifecycle
from powerbank.outbox.models import OutboxJob, OutboxStep
from powerbank.outbox.policy import JobSpec


class LostClaimError(Exception):
    """The lease went to another worker while this one was away. That worker finishes the job."""


class StepwiseRun:
    """The first argument of every stepwise job.

    def send_sms(run, *, message_id):
        message = ...                                            # read
        receipt = run.call("send", lambda key: sms.send(message, key), ask=sms.find)
        with run.finish():                                       # write; completes the job
            services.mark_sent(message_id, receipt)
    """

    def __init__(self, job_id: uuid.UUID, spec: JobSpec, token: str) -> None:
        self.id, self.finished = job_id, False
        self._spec, self._token = spec, token

    def call(
        self,
        step: str,
        do: Callable[[str], dict[str, Any]],
        ask: Callable[[str], dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """Call the vendor at most once, as far as the vendor lets us know.

        `do` gets the key to send as the vendor's idempotency key: the same on each repeat. `ask` is asked
        before a repeat whether the earlier call got through; it answers with the result, or None.
        """
        with transaction() as session:
            self._hold()
            begun = session.get(OutboxStep, (self.id, step))
            if begun is not None and begun.finished_at is not None:
                return begun.result or {}
            if begun is None:
                session.execute(insert(OutboxStep).values(job_id=self.id, name=step))
        key = f"{self.id}-{step}"
        result = ask(key) if begun is not None and ask is not None else None
        if result is None:
            with tracing.span(f"step {step}", Kind.CLIENT):
                result = do(key)
        with transaction() as session:
            noted = session.get(OutboxStep, (self.id, step), with_for_update=True)
            if noted is None:
                raise LostClaimError
            noted.finished_at, noted.result = utcnow(), result
        return result

    @contextmanager
    def finish(self) -> Iterator[None]:
        """Open the transaction that writes the outcome and completes the job, both or neither.

        The job is completed first, so that what is written after it may ask for the same job again: a job that is
        unique while it is open would otherwise stand in the way of its own successor.
        """
        with transaction():
            if not lifecycle.complete_leased(self.id, self._spec, self._token):
                raise LostClaimError
            yield
        self.finished = True

    def _hold(self) -> None:
        held = db.session.scalar(
            select(OutboxJob.id)
            .where(OutboxJob.id == self.id, OutboxJob.claimed_by == self._token, OutboxJob.finished_at.is_(None))
            .with_for_update()
        )
        if held is None:
            raise LostClaimError
