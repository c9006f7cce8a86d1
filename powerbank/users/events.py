"""The events of accounts."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Event):
    user_id: UUID
    referral_code: str | None


@dataclass(frozen=True, kw_only=True)
class ReferralNoted(Event):
    referral_id: UUID
    invitee_id: UUID
    inviter_id: UUID
