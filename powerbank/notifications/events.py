"""The events of notices."""

from dataclasses import dataclass

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class TemplateFailed(Event):
    """A template of staff could not be filled in; the built-in text was sent."""

    type: str
    channel: str
    language: str
    problem: str
    version: str
