"""Every type of notice to people, with its rule: where it goes and how it may be held back.

The texts are in `notifications.texts`. Types for staff are in `staff.notice_types`: they go to roles, not to a person.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from powerbank.notifications.models import Channel

HOUR, DAY = 3600, 86_400
PUSH, SMS, EMAIL = Channel.PUSH, Channel.SMS, Channel.EMAIL


class NoticeType(StrEnum):
    OTP = "otp"
    WELCOME = "welcome"
    ACCOUNT_SECURITY = "account_security"
    ACCOUNT_STATUS = "account_status"
    KYC_SUBMITTED = "kyc_submitted"
    KYC_APPROVED = "kyc_approved"
    KYC_REJECTED = "kyc_rejected"
    PAYMENT_READY = "payment_ready"
    TOPUP_SUCCESS = "topup_success"
    TOPUP_FAILED = "topup_failed"
    TOPUP_CHARGED_BACK = "topup_charged_back"
    TOPUP_GIVEN_BACK = "topup_given_back"
    PURCHASE_SUCCESS = "purchase_success"
    RENTAL_STARTED = "rental_started"
    RENTAL_FAILED = "rental_failed"
    RENTAL_ENDING_SOON = "rental_ending_soon"
    RENTAL_OVERDUE = "rental_overdue"
    RENTAL_COMPLETED = "rental_completed"
    RENTAL_EXTENDED = "rental_extended"
    RENTAL_CANCELLED = "rental_cancelled"
    RENTAL_LOST = "rental_lost"
    RETURN_PAUSED = "return_paused"
    RETURN_PAUSED_ANYWHERE = "return_paused_anywhere"
    RETURN_SLOT_MOVED = "return_slot_moved"
    RETURN_SLOT_GONE = "return_slot_gone"
    RETURN_PAUSE_OVER = "return_pause_over"
    RESERVATION_EXPIRED = "reservation_expired"
    RESERVATION_CHARGED = "reservation_charged"
    RESERVATION_SHORTENED = "reservation_shortened"
    RESERVATION_LOST = "reservation_lost"
    CASE_UPHELD = "case_upheld"
    CASE_DISMISSED = "case_dismissed"
    DUE_CREATED = "due_created"
    DUE_CHARGED_BACK = "due_charged_back"
    DUE_REMINDER = "due_reminder"
    DUE_LATE = "due_late"
    DUE_WAIVED = "due_waived"
    DUE_PAID = "due_paid"
    REFUND_REQUESTED = "refund_requested"
    REFUND_APPROVED = "refund_approved"
    REFUND_REJECTED = "refund_rejected"
    REFUND_COMPLETED = "refund_completed"
    BALANCE_ADDED = "balance_added"  # by staff, as are the next three
    BALANCE_TAKEN = "balance_taken"
    POINTS_ADDED = "points_added"
    POINTS_TAKEN = "points_taken"
    POINTS_EARNED = "points_earned"
    POINTS_REVERSED = "points_reversed"
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
    CREW_TASK_ASSIGNED = "crew_task_assigned"
    CREW_WORK_REJECTED = "crew_work_rejected"
    CREW_SHIFT_ENDED = "crew_shift_ended"
    SUPPORT_ANSWERED = "support_answered"
    SUPPORT_ANSWER_WAITS = "support_answer_waits"
    SUPPORT_ANSWERED_BLOCKED = "support_answered_blocked"
    PAYOUT_ACCOUNT_CHANGED = "payout_account_changed"
    PROFILE_REMINDER = "profile_reminder"
    KYC_REMINDER = "kyc_reminder"
    DIGEST = "digest"
    BROADCAST = "broadcast"


class Group(StrEnum):
    """The types that people switch on and off together."""

    SECURITY = "security"
    PAYMENTS = "payments"
    RENTALS = "rentals"
    WALLET = "wallet"
    REWARDS = "rewards"
    ACCOUNT = "account"
    STATIONS = "stations"
    ANNOUNCEMENTS = "announcements"


# People cannot switch these groups off.
ALWAYS = frozenset({Group.SECURITY, Group.PAYMENTS})


@dataclass(frozen=True)
class Rule:
    """How a type of notice is delivered: in the app, and on these channels unless staff or the reader chose others."""

    group: Group
    channels: frozenset[Channel] = frozenset()
    urgent: bool = False  # quiet hours do not hold it back
    per_hour: int = 3  # beyond so many for one person, a digest tells of the rest
    lasts: int = DAY  # seconds for which a push is of use to a phone that was off

    @property
    def always(self) -> bool:
        return self.group in ALWAYS


def _rule(group: Group, *channels: Channel) -> Rule:
    return Rule(group, frozenset(channels), per_hour=20 if group in ALWAYS else 3)


def _urgent_rule(group: Group, *channels: Channel, lasts: int = HOUR) -> Rule:
    """Return the rule of a type that quiet hours do not hold back, and that is soon of no use."""
    return Rule(group, frozenset(channels), urgent=True, per_hour=20, lasts=lasts)


RULES = MappingProxyType(
    {
        # A code is never a notice in the app: it is in its message and nowhere else.
        NoticeType.OTP: _urgent_rule(Group.SECURITY, SMS, EMAIL),
        NoticeType.ACCOUNT_SECURITY: _urgent_rule(Group.SECURITY, PUSH, SMS, EMAIL),
        NoticeType.ACCOUNT_STATUS: _urgent_rule(Group.SECURITY, PUSH, SMS, EMAIL),
        NoticeType.WELCOME: _rule(Group.ACCOUNT, PUSH, EMAIL),
        NoticeType.KYC_SUBMITTED: _rule(Group.ACCOUNT),
        NoticeType.KYC_APPROVED: _rule(Group.ACCOUNT, PUSH, EMAIL),
        NoticeType.KYC_REJECTED: _rule(Group.ACCOUNT, PUSH, EMAIL),
        NoticeType.PROFILE_REMINDER: _rule(Group.ACCOUNT, PUSH),
        NoticeType.KYC_REMINDER: _rule(Group.ACCOUNT, PUSH),
        NoticeType.CREW_TASK_ASSIGNED: _urgent_rule(Group.ACCOUNT, PUSH),
        NoticeType.CREW_WORK_REJECTED: _rule(Group.PAYMENTS, PUSH),
        NoticeType.CREW_SHIFT_ENDED: _urgent_rule(Group.ACCOUNT, PUSH),
        NoticeType.SUPPORT_ANSWERED: _urgent_rule(Group.ACCOUNT, PUSH),
        NoticeType.SUPPORT_ANSWER_WAITS: _rule(Group.ACCOUNT, EMAIL),
        # It is about their money, and they are reached nowhere else.
        NoticeType.SUPPORT_ANSWERED_BLOCKED: _rule(Group.PAYMENTS, SMS, EMAIL),
        NoticeType.PAYMENT_READY: _urgent_rule(Group.PAYMENTS, PUSH, lasts=1800),
        NoticeType.TOPUP_SUCCESS: _urgent_rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.TOPUP_FAILED: _urgent_rule(Group.PAYMENTS, PUSH),
        NoticeType.TOPUP_CHARGED_BACK: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.TOPUP_GIVEN_BACK: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.PURCHASE_SUCCESS: _rule(Group.PAYMENTS, PUSH),
        NoticeType.DUE_CREATED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.DUE_CHARGED_BACK: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.DUE_REMINDER: _rule(Group.PAYMENTS, PUSH, SMS),
        NoticeType.DUE_LATE: _rule(Group.PAYMENTS, PUSH, SMS, EMAIL),
        NoticeType.DUE_WAIVED: _rule(Group.PAYMENTS, PUSH),
        NoticeType.DUE_PAID: _rule(Group.PAYMENTS, PUSH),
        NoticeType.REFUND_REQUESTED: _rule(Group.PAYMENTS),
        NoticeType.REFUND_APPROVED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.REFUND_REJECTED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.REFUND_COMPLETED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.BALANCE_ADDED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.BALANCE_TAKEN: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.POINTS_ADDED: _rule(Group.PAYMENTS, PUSH),
        NoticeType.POINTS_TAKEN: _rule(Group.PAYMENTS, PUSH),
        NoticeType.PAYOUT_SENT: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.PAYOUT_FAILED: _rule(Group.PAYMENTS, PUSH, EMAIL),
        NoticeType.PAYOUT_ACCOUNT_CHANGED: _urgent_rule(Group.SECURITY, PUSH, SMS, EMAIL),
        # A loss is a charge, so it belongs to the payments.
        NoticeType.RENTAL_LOST: _rule(Group.PAYMENTS, PUSH, SMS, EMAIL),
        NoticeType.RENTAL_STARTED: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RENTAL_FAILED: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RENTAL_ENDING_SOON: _urgent_rule(Group.RENTALS, PUSH, lasts=900),
        NoticeType.RENTAL_OVERDUE: _urgent_rule(Group.RENTALS, PUSH, SMS),
        NoticeType.RENTAL_COMPLETED: _urgent_rule(Group.RENTALS, PUSH, EMAIL),
        NoticeType.RENTAL_EXTENDED: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RENTAL_CANCELLED: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RETURN_PAUSED: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.RETURN_PAUSED_ANYWHERE: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.RETURN_SLOT_MOVED: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.RETURN_SLOT_GONE: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.RETURN_PAUSE_OVER: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RESERVATION_EXPIRED: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.RESERVATION_CHARGED: _urgent_rule(Group.RENTALS, PUSH),
        NoticeType.RESERVATION_SHORTENED: _urgent_rule(Group.RENTALS, PUSH, lasts=300),
        NoticeType.RESERVATION_LOST: _urgent_rule(Group.RENTALS, PUSH, lasts=1800),
        NoticeType.CASE_UPHELD: _rule(Group.RENTALS, PUSH, EMAIL),
        NoticeType.CASE_DISMISSED: _rule(Group.RENTALS, PUSH, EMAIL),
        NoticeType.LOW_CREDIT: _rule(Group.WALLET, PUSH),
        NoticeType.CRITICAL_CREDIT: _rule(Group.WALLET, PUSH, SMS),
        NoticeType.HIGH_USAGE: _rule(Group.WALLET, PUSH),
        NoticeType.POINTS_EARNED: _rule(Group.REWARDS),
        NoticeType.POINTS_REVERSED: _rule(Group.REWARDS),
        NoticeType.POINTS_EXPIRING: _rule(Group.REWARDS, PUSH),
        NoticeType.REFERRAL_SUCCESS: _rule(Group.REWARDS, PUSH),
        NoticeType.ACHIEVEMENT_UNLOCKED: _rule(Group.REWARDS, PUSH),
        NoticeType.STATION_ISSUE_RECEIVED: _rule(Group.STATIONS),
        NoticeType.STATION_ISSUE_RESOLVED: _rule(Group.STATIONS, PUSH),
        # A digest goes where the notices go that it stands for, and is never shown in the app.
        NoticeType.DIGEST: _rule(Group.ANNOUNCEMENTS),
        NoticeType.BROADCAST: _rule(Group.ANNOUNCEMENTS, PUSH),
    }
)
