"""What happens to the system itself, told to all who follow it."""

from dataclasses import dataclass

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OpsAlertRaised(Event):
    kind: str
    key: str
    detail: str
