"""What follows from what: each event with the jobs that it leaves and the people who hear of it.

`publish(RentalStarted(…))` enqueues what stands beside `RentalStarted`, after the commit. A job gets the event's fields
as its arguments, under the fields' names. An event that nobody follows is not kept: who needs one adds it together with
what follows.
"""

from flask import Flask

from powerbank.admin.events import AccountStatusChanged
from powerbank.kyc.events import KycApproved, KycRejected, KycSubmitted
from powerbank.ledger.events import ActWaits, AdjustmentApplied, AdjustmentWaits, DueWaived, LedgerMismatch
from powerbank.notifications.events import TemplateFailed
from powerbank.notifications.people.event_notices import Details
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.staff.kinds import StaffType
from powerbank.ops.events import OpsAlertRaised
from powerbank.outbox.catalogue import account_jobs, notification_jobs, rental_jobs, reward_jobs
from powerbank.outbox.events import Event, Follower
from powerbank.outbox.policy import JobSpec
from powerbank.payments import queries as payment_queries
from powerbank.payments.events import (
    BalanceLow,
    ChargebackOwed,
    ChargebackReversed,
    DueLate,
    DuePaid,
    ExchangeRatesStale,
    PaymentNeedsReview,
    PaymentReady,
    RefundApproved,
    RefundCompleted,
    RefundNeedsAttention,
    RefundRejected,
    RefundRequested,
    RefundWaits,
    SettlementMismatch,
    TopupChargedBack,
    TopupFailed,
    TopupSucceeded,
    UsageHigh,
)
from powerbank.points import earnings
from powerbank.points.events import AwardWaits, PointsEarned, PointsExpiring, PointsReversed, ReferralSuccess
from powerbank.promotions.events import CouponWaits
from powerbank.rentals import notices as rental_news
from powerbank.rentals.events import (
    AnomalyFound,
    CaseDecided,
    DueCreated,
    PaidNotEjected,
    RentalCameLate,
    RentalCancelled,
    RentalCompleted,
    RentalDisputed,
    RentalEndingSoon,
    RentalExtended,
    RentalFailed,
    RentalLost,
    RentalOverdue,
    RentalPaid,
    RentalRefunded,
    RentalSettled,
    RentalStarted,
    UnmatchedReturn,
)
from powerbank.social.events import AchievementUnlocked
from powerbank.stations.events import (
    EjectionUndone,
    PowerbankReturned,
    ReturnSelfTested,
    SlotLocked,
    StationAlarm,
    StationBatteryLow,
    StationCommandSettled,
    StationIssueReported,
    StationIssueResolved,
    StationOffline,
    StationOnline,
)
from powerbank.stations.issues import services as issues
from powerbank.users.events import ReferralNoted, UserRegistered


def tell_user(notice: Type, *, once_per: str | None = None, **when: str | int | bool) -> Follower:
    """The person named by the event's `user_id` hears of it, where its fields are as `when` says. `once_per` names the
    field by which two events are the same."""
    return Follower(notification_jobs.NOTIFY_USER, {"notice": notice.value, "once_per": once_per}, when)


def tell_staff(notice: StaffType, **when: str | int | bool) -> Follower:
    """Staff hear of it, where its fields are as `when` says; the event's fields are what the text is made of."""
    return Follower(notification_jobs.NOTIFY_STAFF, {"notice": notice.value}, when)


NOBODY_WORKS = ("no_workers", "no_daemon", "no_scheduler", "schedule_late")

SUBSCRIPTIONS: dict[type[Event], tuple[JobSpec | Follower, ...]] = {
    # Accounts.
    UserRegistered: (account_jobs.POST_REGISTRATION, account_jobs.PROCESS_REFERRAL),
    ReferralNoted: (reward_jobs.REWARD_REFERRAL,),
    AccountStatusChanged: (tell_user(Type.ACCOUNT_STATUS),),
    # Identity checks.
    KycSubmitted: (
        tell_staff(StaffType.KYC_TO_REVIEW),
        tell_user(Type.KYC_SUBMITTED, once_per="submission_id"),
    ),
    KycApproved: (reward_jobs.REWARD_KYC, tell_user(Type.KYC_APPROVED, once_per="submission_id")),
    KycRejected: (tell_user(Type.KYC_REJECTED, once_per="submission_id"),),
    # The books.
    LedgerMismatch: (tell_staff(StaffType.LEDGER_MISMATCH),),
    AdjustmentWaits: (
        tell_staff(StaffType.ADJUSTMENT_TO_APPROVE, currency="NPR"),
        tell_staff(StaffType.POINTS_TO_APPROVE, currency="PTS"),
    ),
    AdjustmentApplied: (
        tell_user(Type.BALANCE_ADDED, once_per="adjustment_id", currency="NPR", added=True),
        tell_user(Type.BALANCE_TAKEN, once_per="adjustment_id", currency="NPR", added=False),
        tell_user(Type.POINTS_ADDED, once_per="adjustment_id", currency="PTS", added=True),
        tell_user(Type.POINTS_TAKEN, once_per="adjustment_id", currency="PTS", added=False),
    ),
    ActWaits: (tell_staff(StaffType.ACT_TO_APPROVE),),
    DueWaived: (tell_user(Type.DUE_WAIVED),),
    # Payments.
    PaymentReady: (tell_user(Type.PAYMENT_READY, once_per="intent_id"),),
    TopupSucceeded: (reward_jobs.REWARD_TOPUP, tell_user(Type.TOPUP_SUCCESS, once_per="intent_id")),
    TopupFailed: (  # whoever cancels knows it
        tell_user(Type.TOPUP_FAILED, once_per="intent_id", status="failed"),
        tell_user(Type.TOPUP_FAILED, once_per="intent_id", status="expired"),
    ),
    TopupChargedBack: (tell_user(Type.TOPUP_CHARGED_BACK, once_per="chargeback_id"),),
    ChargebackReversed: (tell_user(Type.TOPUP_GIVEN_BACK),),
    ChargebackOwed: (tell_user(Type.DUE_CHARGED_BACK, once_per="chargeback_id"),),
    PaymentNeedsReview: (tell_staff(StaffType.PAYMENT_NEEDS_REVIEW),),
    SettlementMismatch: (tell_staff(StaffType.SETTLEMENT_MISMATCH),),
    ExchangeRatesStale: (tell_staff(StaffType.EXCHANGE_RATES_STALE),),
    BalanceLow: (
        tell_user(Type.LOW_CREDIT, critical=False),
        tell_user(Type.CRITICAL_CREDIT, critical=True),
    ),
    UsageHigh: (tell_user(Type.HIGH_USAGE),),
    DueLate: (tell_user(Type.DUE_LATE, once_per="due_id"),),
    DuePaid: (tell_user(Type.DUE_PAID, once_per="transaction_id"),),
    RefundRequested: (tell_user(Type.REFUND_REQUESTED, once_per="refund_id"),),
    RefundWaits: (tell_staff(StaffType.REFUND_TO_APPROVE),),
    RefundApproved: (tell_user(Type.REFUND_APPROVED, once_per="refund_id"),),
    RefundRejected: (tell_user(Type.REFUND_REJECTED, once_per="refund_id"),),
    RefundCompleted: (tell_user(Type.REFUND_COMPLETED, once_per="refund_id"),),
    RefundNeedsAttention: (tell_staff(StaffType.REFUND_STUCK),),
    # Points.
    AwardWaits: (tell_staff(StaffType.AWARD_TO_APPROVE),),
    PointsEarned: (reward_jobs.COUNT_POINTS, tell_user(Type.POINTS_EARNED)),
    PointsExpiring: (tell_user(Type.POINTS_EXPIRING),),
    PointsReversed: (reward_jobs.COUNT_REVERSAL, tell_user(Type.POINTS_REVERSED)),
    ReferralSuccess: (reward_jobs.COUNT_REFERRAL, tell_user(Type.REFERRAL_SUCCESS, once_per="invitee_id")),
    # Coupons.
    CouponWaits: (tell_staff(StaffType.COUPON_TO_APPROVE),),
    # Stations.
    StationCommandSettled: (rental_jobs.SETTLE_EJECTION,),
    PowerbankReturned: (rental_jobs.PROCESS_RENTAL_RETURN,),
    EjectionUndone: (rental_jobs.UNDO_EJECTION,),
    ReturnSelfTested: (rental_jobs.FINISH_PROVISIONAL_RETURN,),
    SlotLocked: (tell_staff(StaffType.STATION_FAULT),),
    StationOffline: (tell_staff(StaffType.STATION_OFFLINE),),
    StationOnline: (tell_staff(StaffType.STATION_ONLINE),),
    StationBatteryLow: (tell_staff(StaffType.LOW_BATTERY),),
    StationAlarm: (tell_staff(StaffType.STATION_FAULT),),
    StationIssueReported: (
        tell_staff(StaffType.CRITICAL_ISSUE, priority="critical", first=True),
        tell_staff(StaffType.STATION_ISSUE, priority="normal", first=True),
        tell_user(Type.STATION_ISSUE_RECEIVED, once_per="report_id"),
    ),
    StationIssueResolved: (tell_user(Type.STATION_ISSUE_RESOLVED, once_per="issue_id"),),
    # Rentals.
    RentalStarted: (tell_user(Type.RENTAL_STARTED, once_per="rental_id"),),
    RentalPaid: (tell_user(Type.PURCHASE_SUCCESS, once_per="version"),),
    RentalFailed: (tell_user(Type.RENTAL_FAILED, once_per="rental_id"),),
    RentalCancelled: (
        reward_jobs.REVERSE_RENTAL,
        reward_jobs.UNCOUNT_RENTAL,
        tell_user(Type.RENTAL_CANCELLED, once_per="rental_id"),
    ),
    RentalExtended: (tell_user(Type.RENTAL_EXTENDED, once_per="due_at"),),
    RentalEndingSoon: (tell_user(Type.RENTAL_ENDING_SOON, once_per="due_at"),),
    RentalOverdue: (tell_user(Type.RENTAL_OVERDUE, once_per="due_at"),),
    RentalCompleted: (reward_jobs.REWARD_RENTAL, reward_jobs.COUNT_RENTAL),
    RentalSettled: (tell_user(Type.RENTAL_COMPLETED, once_per="rental_id"),),
    RentalLost: (tell_user(Type.RENTAL_LOST, once_per="rental_id"),),
    RentalRefunded: (tell_user(Type.REFUND_COMPLETED),),
    DueCreated: (tell_user(Type.DUE_CREATED),),
    CaseDecided: (
        tell_user(Type.CASE_UPHELD, once_per="case_id", upheld=True),
        tell_user(Type.CASE_DISMISSED, once_per="case_id", upheld=False),
    ),
    RentalDisputed: (tell_staff(StaffType.RENTAL_DISPUTED),),
    RentalCameLate: (tell_staff(StaffType.RENTAL_CAME_LATE),),
    PaidNotEjected: (tell_staff(StaffType.PAID_NOT_EJECTED),),
    UnmatchedReturn: (tell_staff(StaffType.UNMATCHED_RETURN),),
    AnomalyFound: (tell_staff(StaffType.ANOMALY),),
    # Achievements.
    AchievementUnlocked: (tell_user(Type.ACHIEVEMENT_UNLOCKED, once_per="achievement_id"),),
    # Operations. Alerts of other kinds have an event of their own, or are for the console only.
    OpsAlertRaised: (
        tell_staff(StaffType.QUEUE_BACKLOG, kind="queue_backlog"),
        tell_staff(StaffType.JOB_OVERDUE, kind="job_overdue"),
        tell_staff(StaffType.DEAD_LETTERS, kind="dead_letters"),
        tell_staff(StaffType.CLOCK_WRONG, kind="clock_wrong"),
        *(tell_staff(StaffType.NO_WORKERS, kind=kind) for kind in NOBODY_WORKS),
    ),
    TemplateFailed: (tell_staff(StaffType.TEMPLATE_BROKEN),),
}

_OF_RENTALS = Details(rental_news.notice_details, rental_news.DETAIL_NAMES)

# What the texts say beyond the fields of their events.
DETAILS: dict[Type, Details] = {
    Type.PAYMENT_READY: Details(payment_queries.find_amount_if_payable, ("amount",)),
    Type.TOPUP_SUCCESS: Details(payment_queries.find_balance, ("balance",)),
    Type.POINTS_EARNED: Details(earnings.unless_told_elsewhere),
    Type.STATION_ISSUE_RECEIVED: Details(issues.describe_reported_station, ("station",)),
    Type.RENTAL_STARTED: _OF_RENTALS,
    Type.RENTAL_FAILED: _OF_RENTALS,
    Type.RENTAL_CANCELLED: _OF_RENTALS,
    Type.RENTAL_EXTENDED: _OF_RENTALS,
    Type.RENTAL_ENDING_SOON: _OF_RENTALS,
    Type.RENTAL_OVERDUE: Details(rental_news.details_if_still_out, rental_news.DETAIL_NAMES),
    Type.RENTAL_COMPLETED: _OF_RENTALS,
    Type.RENTAL_LOST: _OF_RENTALS,
}


def init_app(app: Flask) -> None:
    app.extensions["subscriptions"] = SUBSCRIPTIONS
    app.extensions["notice_details"] = DETAILS
