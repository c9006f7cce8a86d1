"""The events of the system itself."""

from dataclasses import dataclass

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OpsAlertRaised(Event):
    kind: str
    key: str
    detail: str
