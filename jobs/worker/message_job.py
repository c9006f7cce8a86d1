"""A message as RQ's worker sees it: it runs catalogued jobs only."""

from datetime import datetime
from typing import Any

from rq.job import Job

from jobs.worker.runtime import run
from powerbank.outbox.wire import ENTRY_POINT

_TIMES = (b"created_at", b"enqueued_at")  # those that a message has before its first run


class ForbiddenJobError(Exception):
    """A message names a function that is not ours. It is not executed."""


class WireJob(Job):
    """Runs catalogued jobs only: whoever can write to Redis must not be able to call any function."""

    def perform(self) -> Any:
        if self.func_name != ENTRY_POINT or self.instance or self.args:
            raise ForbiddenJobError(f"message {self.id} does not name {ENTRY_POINT}")
        return run(**self.kwargs, worker=self.worker_name or "")

    def restore(self, raw_data: dict[bytes, bytes]) -> None:
        """RQ reads times with `strptime`, which would take as long as all else that is done to a message."""
        known = {name: raw_data[name] for name in _TIMES if raw_data.get(name)}
        super().restore({name: value for name, value in raw_data.items() if name not in known})
        for name, value in known.items():
            setattr(self, name.decode(), datetime.fromisoformat(value.decode()))

    # Callbacks are paths to functions too, webhooks are addresses to call, and none of our messages has one.
    def send_webhooks(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_success_callback(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_failure_callback(self, *_args: Any, **_kwargs: Any) -> None: ...

    def execute_stopped_callback(self, *_args: Any, **_kwargs: Any) -> None: ...
