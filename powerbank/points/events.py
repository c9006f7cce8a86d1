"""The events of points."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from powerbank.outbox.events import Event


@dataclass(frozen=True, kw_only=True)
class AwardWaits(Event):
    """A second person has to approve a grant of points to many."""

    grant_id: UUID
    points: int
    count: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PointsEarned(Event):
    user_id: UUID
    points: int
    earning: str
    object_id: str


@dataclass(frozen=True, kw_only=True)
class RentalPointsEarned(Event):
    """A person has earned points by a rental. They are counted together with the rental itself."""

    user_id: UUID
    points: int
    earning: str
    object_id: str


@dataclass(frozen=True, kw_only=True)
class PointsReversed(Event):
    user_id: UUID
    points: int
    object_id: str


@dataclass(frozen=True, kw_only=True)
class PointsExpiring(Event):
    user_id: UUID
    points: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class ReferralSuccess(Event):
    """The inviter gets points because the invitee has rented for the first time."""

    user_id: UUID
    invitee_id: UUID
    referral_id: UUID
    points: int
