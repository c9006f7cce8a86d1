"""The events of stations: what happens there, for whoever subscribes to it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class StationCommandSettled(Event):
    """A command was settled. The event comes again when a late fact changes the outcome."""

    command_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class CrewEjectionSettled(Event):
    """An ejection that somebody of the crew asked for was settled. It comes again when a late fact changes that."""

    command_id: UUID
    status: str


@dataclass(frozen=True, kw_only=True)
class PowerbankHeldBack(Event):
    """A bank that sits in a slot was quarantined."""

    bank_id: UUID
    station_id: UUID


@dataclass(frozen=True, kw_only=True)
class PowerbankReturned(Event):
    """A bank is in a slot again. Without `rental_id` no rental had it."""

    report_id: UUID
    bank_id: UUID
    station_id: UUID
    slot_number: int
    rental_id: UUID | None
    returned_at: datetime
    received_at: datetime
    provisional: bool
    how: str


@dataclass(frozen=True, kw_only=True)
class LostBankFound(Event):
    """Staff say where a bank is that was lost. The station and the slot are given where it is in one."""

    bank_id: UUID
    station_id: UUID | None
    slot_number: int | None
    found_at: datetime
    found_by: str


@dataclass(frozen=True, kw_only=True)
class EjectionUndone(Event):
    """A bank whose ejection was confirmed never left its slot."""

    bank_id: UUID
    rental_id: UUID
    station_id: UUID
    slot_number: int
    seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReturnSelfTested(Event):
    """The hardware has tested a bank whose return was provisional."""

    bank_id: UUID
    station_id: UUID
    slot_number: int | None
    rental_id: UUID | None
    passed: bool


@dataclass(frozen=True, kw_only=True)
class SlotLocked(Event):
    """A slot has refused to eject several times in a row and is held back."""

    station_sn: str
    detail: str


@dataclass(frozen=True, kw_only=True)
class StationOffline(Event):
    """A station has been offline for long enough to be announced."""

    station_id: UUID
    station_sn: str
    last_seen: datetime | None


@dataclass(frozen=True, kw_only=True)
class StationOnline(Event):
    """A station that was announced as offline is back."""

    station_id: UUID
    station_sn: str


@dataclass(frozen=True, kw_only=True)
class StationBatteryLow(Event):
    """A station has banks that are not rented out because their charge is low."""

    station_sn: str
    count: int
    battery_level: int


@dataclass(frozen=True, kw_only=True)
class StationAlarm(Event):
    """The station reports a fault, or what it reports cannot be right."""

    station_sn: str
    kind: str
    slot_number: int | None = None
    serial: str | None = None
    report_id: UUID | None = None
    detail: str


@dataclass(frozen=True, kw_only=True)
class StationIssueReported(Event):
    """A person reports an issue. `first` says that nobody has reported it before."""

    issue_id: UUID
    report_id: UUID
    user_id: UUID
    station_sn: str
    issue_type: str
    priority: str
    first: bool


@dataclass(frozen=True, kw_only=True)
class StationIssueResolved(Event):
    """Each person who has reported the issue has one of these."""

    user_id: UUID
    issue_id: UUID
    station_sn: str
    station: str
