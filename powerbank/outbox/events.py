"""The base of events. With an event a domain tells all others that something happened: a value with typed fields.

A domain's events stand in its `events.py`, and who follows them in `powerbank.subscriptions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from powerbank.outbox.policy import JobSpec


@dataclass(frozen=True, kw_only=True)
class Event:
    """The base of all events: frozen dataclasses whose fields are ids, times, texts, numbers and truth values."""


@dataclass(frozen=True)
class Follower:
    """A job that follows from an event with further arguments, or only where the event's fields have certain values."""

    job: JobSpec
    arguments: Mapping[str, str | None] = field(default_factory=dict)  # what the event itself does not say
    when: Mapping[str, str | int | bool] = field(default_factory=dict)  # what the event's fields must be
    # The job that does in one what several of this job would do for one person, where one transaction leaves several.
    several: JobSpec | None = None

    def follows(self, event: Event) -> bool:
        return all(getattr(event, name) == value for name, value in self.when.items())


@dataclass(frozen=True)
class ConsoleChange:
    """What an event changes on the console's screens; `id` is the event's field that says of which thing."""

    kind: str
    id: str


# A job without further arguments stands for itself: it gets the event's fields.
Subscriptions = Mapping[type[Event], tuple[JobSpec | Follower, ...]]
ConsoleChanges = Mapping[type[Event], ConsoleChange]
