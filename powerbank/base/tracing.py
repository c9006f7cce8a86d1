"""Traces: what one tap brings about, over requests, jobs, stations and vendors.

Nothing is traced, and nothing is imported for it, unless an exporter was put in (`powerbank.integrations.otlp`). What
is worked on later has in its row where it comes from, as the W3C writes it (`traceparent`). Nothing of people goes into
a trace: names of routes, jobs, commands and vendors, and what became of them.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

Attributes = Mapping[str, str | int]

_NONE: Attributes = MappingProxyType({})


class Kind(StrEnum):
    SERVER = "server"  # of a request
    PRODUCER = "producer"  # something is asked for that is done later
    CONSUMER = "consumer"  # and it is done, or its answer has come
    CLIENT = "client"  # a call to the outside


class Tracer(Protocol):
    """What makes spans and sends them away."""

    def span(
        self, name: str, kind: Kind, attributes: Attributes, *, parent: str | None, began: datetime | None
    ) -> AbstractContextManager[None]: ...
    def traceparent(self) -> str | None: ...
    def note(self, name: str, value: str | int) -> None: ...


_NOTHING = nullcontext()
_tracer: Tracer | None = None
_origin: ContextVar[str | None] = ContextVar("origin", default=None)


def use(tracer: Tracer | None) -> None:
    global _tracer  # noqa: PLW0603 (one for a process, as its log is)
    _tracer = tracer


def span(
    name: str,
    kind: Kind,
    attributes: Attributes = _NONE,
    *,
    parent: str | None = None,
    began: datetime | None = None,
) -> AbstractContextManager[None]:
    """Trace what is within. A consumer belongs to its `parent` or begins a trace, all else to what is under way."""
    return _NOTHING if _tracer is None else _tracer.span(name, kind, attributes, parent=parent, began=began)


def note(name: str, value: str | int) -> None:
    """Say something of the span that is under way."""
    if _tracer is not None:
        _tracer.note(name, value)


def carried() -> dict[str, str]:
    """Give the column of a row that is worked on later: where it comes from."""
    traceparent = _tracer.traceparent() if _tracer is not None else None
    return {} if traceparent is None else {"traceparent": traceparent}


def come_from(traceparent: str | None) -> None:
    """Note where the job comes from that is run now, once its row is taken."""
    _origin.set(traceparent)


def origin() -> str | None:
    return _origin.get()
