"""Every type of notice to staff, with its rule: who hears of it, and whether it goes out by e-mail and push.

The texts are in `notifications.texts.staff`.
"""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from powerbank.notifications.models import Channel


class StaffNoticeType(StrEnum):
    KYC_TO_REVIEW = "kyc_to_review"
    STATION_OFFLINE = "station_offline"
    STATION_ONLINE = "station_online"
    STATION_FAULT = "station_fault"
    LOW_BATTERY = "low_battery"
    CRITICAL_ISSUE = "critical_issue"
    STATION_ISSUE = "station_issue"  # one that can wait
    UNMATCHED_RETURN = "unmatched_return"
    PAID_NOT_EJECTED = "paid_not_ejected"
    RENTAL_DISPUTED = "rental_disputed"
    RENTAL_CAME_LATE = "rental_came_late"
    QUEUE_BACKLOG = "queue_backlog"
    NO_WORKERS = "no_workers"
    STARTS_REFUSED = "starts_refused"
    JOB_OVERDUE = "job_overdue"
    CLOCK_WRONG = "clock_wrong"
    DEAD_LETTERS = "dead_letters"
    LEDGER_MISMATCH = "ledger_mismatch"
    PAYMENT_NEEDS_REVIEW = "payment_needs_review"
    REFUND_TO_APPROVE = "refund_to_approve"
    ADJUSTMENT_TO_APPROVE = "adjustment_to_approve"
    POINTS_TO_APPROVE = "points_to_approve"  # an adjustment too
    AWARD_TO_APPROVE = "award_to_approve"
    COUPON_TO_APPROVE = "coupon_to_approve"
    ACT_TO_APPROVE = "act_to_approve"
    REFUND_STUCK = "refund_stuck"
    SETTLEMENT_MISMATCH = "settlement_mismatch"
    EXCHANGE_RATES_STALE = "exchange_rates_stale"
    AGREEMENT_ENDS = "agreement_ends"
    PAYOUT_STUCK = "payout_stuck"
    PAYOUT_NOT_PAID = "payout_not_paid"
    PAYOUT_TO_APPROVE = "payout_to_approve"
    PAYOUT_ACCOUNT_TO_CONFIRM = "payout_account_to_confirm"
    PAYOUT_RUN_FINISHED = "payout_run_finished"
    CREW_SHIFT_FORGOTTEN = "crew_shift_forgotten"
    ANOMALY = "anomaly"
    TEMPLATE_BROKEN = "template_broken"
    SUPPORT_OVERDUE = "support_overdue"


@dataclass(frozen=True)
class StaffRule:
    """How a type of notice is delivered to staff. The console shows it always."""

    permission: str  # members of staff who have it hear of this
    email: bool = False
    push: bool = False
    once_per: str | None = None  # the value of the context by which two notices are the same

    @property
    def channels(self) -> frozenset[Channel]:
        return frozenset(({Channel.EMAIL} if self.email else set()) | ({Channel.PUSH} if self.push else set()))


RULES = MappingProxyType(
    {
        StaffNoticeType.KYC_TO_REVIEW: StaffRule("kyc.decide", once_per="submission_id"),
        StaffNoticeType.STATION_OFFLINE: StaffRule("stations.operate", email=True),
        StaffNoticeType.STATION_ONLINE: StaffRule("stations.operate"),
        StaffNoticeType.STATION_FAULT: StaffRule("stations.operate", email=True),
        StaffNoticeType.LOW_BATTERY: StaffRule("stations.operate"),
        StaffNoticeType.CRITICAL_ISSUE: StaffRule("stations.operate", email=True, push=True, once_per="issue_id"),
        StaffNoticeType.STATION_ISSUE: StaffRule("stations.operate", once_per="issue_id"),
        StaffNoticeType.UNMATCHED_RETURN: StaffRule("stations.operate", email=True),
        StaffNoticeType.PAID_NOT_EJECTED: StaffRule("stations.operate", email=True, push=True, once_per="rental_id"),
        StaffNoticeType.RENTAL_DISPUTED: StaffRule("rentals.resolve", once_per="case_id"),
        StaffNoticeType.RENTAL_CAME_LATE: StaffRule("rentals.resolve", email=True, once_per="rental_id"),
        StaffNoticeType.QUEUE_BACKLOG: StaffRule("system.operate", email=True),
        StaffNoticeType.NO_WORKERS: StaffRule("system.operate", email=True, push=True),
        StaffNoticeType.STARTS_REFUSED: StaffRule("system.operate", email=True, push=True),
        StaffNoticeType.JOB_OVERDUE: StaffRule("system.operate", email=True),
        StaffNoticeType.CLOCK_WRONG: StaffRule("system.operate", email=True),
        StaffNoticeType.DEAD_LETTERS: StaffRule("system.operate"),
        StaffNoticeType.LEDGER_MISMATCH: StaffRule("ledger.read", email=True),
        StaffNoticeType.PAYMENT_NEEDS_REVIEW: StaffRule("ledger.read", email=True, once_per="intent_id"),
        StaffNoticeType.REFUND_TO_APPROVE: StaffRule("refunds.decide", once_per="approval"),
        StaffNoticeType.ADJUSTMENT_TO_APPROVE: StaffRule("ledger.approve", once_per="adjustment_id"),
        StaffNoticeType.POINTS_TO_APPROVE: StaffRule("ledger.approve", once_per="adjustment_id"),
        StaffNoticeType.AWARD_TO_APPROVE: StaffRule("ledger.approve", once_per="grant_id"),
        StaffNoticeType.COUPON_TO_APPROVE: StaffRule("ledger.approve", once_per="version"),
        StaffNoticeType.ACT_TO_APPROVE: StaffRule("ledger.approve", once_per="act_id"),
        StaffNoticeType.REFUND_STUCK: StaffRule("ledger.approve", email=True, once_per="refund_id"),
        StaffNoticeType.SETTLEMENT_MISMATCH: StaffRule("ledger.read", email=True, once_per="check_id"),
        StaffNoticeType.EXCHANGE_RATES_STALE: StaffRule("ledger.read", email=True),
        StaffNoticeType.AGREEMENT_ENDS: StaffRule("partners.write", email=True, once_per="version"),
        StaffNoticeType.PAYOUT_STUCK: StaffRule("payouts.read", email=True, once_per="payout_id"),
        StaffNoticeType.PAYOUT_NOT_PAID: StaffRule("payouts.read", email=True, once_per="version"),
        StaffNoticeType.PAYOUT_TO_APPROVE: StaffRule("payouts.approve", email=True, once_per="payout_id"),
        StaffNoticeType.PAYOUT_ACCOUNT_TO_CONFIRM: StaffRule("payouts.approve", email=True, once_per="account_id"),
        StaffNoticeType.PAYOUT_RUN_FINISHED: StaffRule("payouts.read", once_per="run_id"),
        StaffNoticeType.CREW_SHIFT_FORGOTTEN: StaffRule("crew.operate", once_per="shift_id"),
        StaffNoticeType.ANOMALY: StaffRule("system.operate", once_per="key"),
        StaffNoticeType.SUPPORT_OVERDUE: StaffRule("support.write", email=True, push=True, once_per="message_id"),
        StaffNoticeType.TEMPLATE_BROKEN: StaffRule("templates.write", once_per="version"),
    }
)
