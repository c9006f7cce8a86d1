"""Every kind of message to people: where it goes and how it may be held back. The words are in `texts_*.py`.

Kinds for staff are in `staff_kinds.py`: they go to roles, not to a person.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from powerbank.notifications.models import Channel

PUSH, SMS, EMAIL = Channel.PUSH, Channel.SMS, Channel.EMAIL


class Type(StrEnum):
    OTP = "otp"
    WELCOME = "welcome"
    ACCOUNT_SECURITY = "account_security"
    ACCOUNT_STATUS = "account_status"
    KYC_SUBMITTED = "kyc_submitted"
    KYC_APPROVED = "kyc_approved"
    KYC_REJECTED = "kyc_rejected"
    TOPUP_SUCCESS = "topup_success"
    TOPUP_FAILED = "topup_failed"
    PURCHASE_SUCCESS = "purchase_success"
    RENTAL_STARTED = "rental_started"
    RENTAL_FAILED = "rental_failed"
    RENTAL_ENDING_SOON = "rental_ending_soon"
    RENTAL_OVERDUE = "rental_overdue"
    RENTAL_COMPLETED = "rental_completed"
    RENTAL_EXTENDED = "rental_extended"
    RENTAL_CANCELLED = "rental_cancelled"
    RENTAL_LOST = "rental_lost"
    DUE_CREATED = "due_created"
    DUE_REMINDER = "due_reminder"
    DUE_PAID = "due_paid"
    REFUND_REQUESTED = "refund_requested"
    REFUND_APPROVED = "refund_approved"
    REFUND_REJECTED = "refund_rejected"
    REFUND_COMPLETED = "refund_completed"
    POINTS_EARNED = "points_earned"
    POINTS_EXPIRING = "points_expiring"
    REFERRAL_SUCCESS = "referral_success"
    ACHIEVEMENT_UNLOCKED = "achievement_unlocked"
    LOW_CREDIT = "low_credit"
    CRITICAL_CREDIT = "critical_credit"
    HIGH_USAGE = "high_usage"
    STATION_ISSUE_RECEIVED = "station_issue_received"
    STATION_ISSUE_RESOLVED = "station_issue_resolved"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_FAILED = "payout_failed"
    PROFILE_REMINDER = "profile_reminder"
    KYC_REMINDER = "kyc_reminder"
    DIGEST = "digest"
    BROADCAST = "broadcast"


@dataclass(frozen=True)
class Rule:
    """In the app always, and on these channels besides."""

    channels: frozenset[Channel] = frozenset()
    urgent: bool = False  # quiet hours do not hold it back
    always: bool = False  # preferences cannot switch it off: codes, payments, security


def _rule(*channels: Channel, urgent: bool = False, always: bool = False) -> Rule:
    return Rule(frozenset(channels), urgent, always)


RULES = MappingProxyType(
    {
        # Never an in-app row: a code is in its message and nowhere else.
        Type.OTP: _rule(SMS, EMAIL, urgent=True, always=True),
        Type.WELCOME: _rule(PUSH, EMAIL),
        Type.ACCOUNT_SECURITY: _rule(PUSH, SMS, EMAIL, urgent=True, always=True),
        Type.ACCOUNT_STATUS: _rule(PUSH, SMS, EMAIL, urgent=True, always=True),
        Type.KYC_SUBMITTED: _rule(),
        Type.KYC_APPROVED: _rule(PUSH, EMAIL),
        Type.KYC_REJECTED: _rule(PUSH, EMAIL),
        Type.TOPUP_SUCCESS: _rule(PUSH, EMAIL, urgent=True, always=True),
        Type.TOPUP_FAILED: _rule(PUSH, urgent=True, always=True),
        Type.PURCHASE_SUCCESS: _rule(PUSH, always=True),
        Type.RENTAL_STARTED: _rule(PUSH, urgent=True),
        Type.RENTAL_FAILED: _rule(PUSH, urgent=True),
        Type.RENTAL_ENDING_SOON: _rule(PUSH, urgent=True),
        Type.RENTAL_OVERDUE: _rule(PUSH, SMS, urgent=True),
        Type.RENTAL_COMPLETED: _rule(PUSH, EMAIL, urgent=True),
        Type.RENTAL_EXTENDED: _rule(PUSH, urgent=True),
        Type.RENTAL_CANCELLED: _rule(PUSH, urgent=True),
        Type.RENTAL_LOST: _rule(PUSH, SMS, EMAIL, always=True),
        Type.DUE_CREATED: _rule(PUSH, EMAIL, always=True),
        Type.DUE_REMINDER: _rule(PUSH, SMS, always=True),
        Type.DUE_PAID: _rule(PUSH, always=True),
        Type.REFUND_REQUESTED: _rule(always=True),
        Type.REFUND_APPROVED: _rule(PUSH, EMAIL, always=True),
        Type.REFUND_REJECTED: _rule(PUSH, EMAIL, always=True),
        Type.REFUND_COMPLETED: _rule(PUSH, EMAIL, always=True),
        Type.POINTS_EARNED: _rule(),
        Type.POINTS_EXPIRING: _rule(PUSH),
        Type.REFERRAL_SUCCESS: _rule(PUSH),
        Type.ACHIEVEMENT_UNLOCKED: _rule(PUSH),
        Type.LOW_CREDIT: _rule(PUSH),
        Type.CRITICAL_CREDIT: _rule(PUSH, SMS),
        Type.HIGH_USAGE: _rule(PUSH),
        Type.STATION_ISSUE_RECEIVED: _rule(),
        Type.STATION_ISSUE_RESOLVED: _rule(PUSH),
        Type.PAYOUT_SENT: _rule(PUSH, EMAIL, always=True),
        Type.PAYOUT_FAILED: _rule(PUSH, EMAIL, always=True),
        Type.PROFILE_REMINDER: _rule(PUSH),
        Type.KYC_REMINDER: _rule(PUSH),
        Type.DIGEST: _rule(PUSH),
        Type.BROADCAST: _rule(PUSH),
    }
)
