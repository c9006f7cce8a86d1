"""What happens to identity checks, told to all who follow it."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class OfSubmission(Event):
    """The fields that all events of a submission have."""

    user_id: UUID
    submission_id: UUID


@dataclass(frozen=True, kw_only=True)
class KycSubmitted(OfSubmission):
    """The documents are stored, and staff can decide."""


@dataclass(frozen=True, kw_only=True)
class KycApproved(OfSubmission):
    pass


@dataclass(frozen=True, kw_only=True)
class KycRejected(OfSubmission):
    reason: str
