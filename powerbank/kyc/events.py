"""The events of identity checks."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class SubmissionEvent(Event):
    """An event of one submission; all of them have these fields."""

    user_id: UUID
    submission_id: UUID


@dataclass(frozen=True, kw_only=True)
class KycSubmitted(SubmissionEvent):
    """The documents are stored, and staff can decide."""


@dataclass(frozen=True, kw_only=True)
class KycApproved(SubmissionEvent):
    pass


@dataclass(frozen=True, kw_only=True)
class KycRejected(SubmissionEvent):
    reason: str
