"""The table of events: beside each event stand the jobs that follow from it and the people who hear of it.

`publish(RentalStarted(…))` enqueues what stands beside `RentalStarted`, after the commit. A job gets the event's fields
as its arguments, under the fields' names. There is no event that nobody follows: who needs one adds it together with
what follows from it.
"""

from flask import Flask

from powerbank.admin.events import AccountStatusChanged
from powerbank.console_changes import CONSOLE_CHANGES
from powerbank.crew.events import CrewShiftForgotten, CrewTaskAssigned, CrewWorkRejected
from powerbank.followers import note_in_conversation, tell_staff, tell_user, tell_venue
from powerbank.kyc.events import KycApproved, KycRejected, KycSubmitted
from powerbank.ledger.events import ActWaits, AdjustmentApplied, AdjustmentWaits, DueWaived, LedgerMismatch
from powerbank.notifications.events import TemplateFailed
from powerbank.notifications.people.event_notices import Details
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.ops.events import OpsAlertRaised
from powerbank.outbox.catalogue import (
    account_jobs,
    crew_jobs,
    payout_jobs,
    rental_jobs,
    reward_jobs,
)
from powerbank.outbox.events import Event, Follower
from powerbank.outbox.policy import JobSpec
from powerbank.partners.events import AgreementEnds
from powerbank.payments import events as payments
from powerbank.payments import queries as payment_queries
from powerbank.payouts.events import (
    OwnerNotPaid,
    OwnerPaid,
    PayoutAccountChanged,
    PayoutAccountRequested,
    PayoutApproved,
    PayoutFailed,
    PayoutPaid,
    PayoutRunFinished,
    PayoutStuck,
    PayoutWaits,
)
from powerbank.points import earnings
from powerbank.points.events import (
    AwardWaits,
    PointsEarned,
    PointsExpiring,
    PointsReversed,
    ReferralSuccess,
    RentalPointsEarned,
)
from powerbank.promotions.events import CouponWaits
from powerbank.rentals import notices as rental_notices
from powerbank.rentals.blocked_returns.events import ReturnBlocked, ReturnPauseOver, ReturnSlotMoved
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
from powerbank.rentals.reservations.events import ReservationExpired, ReservationLost, ReservationShortened
from powerbank.social.events import AchievementUnlocked
from powerbank.stations.events import (
    CrewEjectionSettled,
    EjectionUndone,
    LostBankFound,
    PowerbankHeldBack,
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
from powerbank.support.events import SupportOverdue
from powerbank.users.events import ReferralNoted, UserRegistered

NOBODY_WORKS = ("no_workers", "no_daemon", "no_scheduler", "schedule_late")

SUBSCRIPTIONS: dict[type[Event], tuple[JobSpec | Follower, ...]] = {
    # Accounts.
    UserRegistered: (account_jobs.POST_REGISTRATION, account_jobs.PROCESS_REFERRAL),
    ReferralNoted: (reward_jobs.REWARD_REFERRAL,),
    AccountStatusChanged: (tell_user(NoticeType.ACCOUNT_STATUS),),
    # Identity checks.
    KycSubmitted: (
        tell_staff(StaffNoticeType.KYC_TO_REVIEW),
        tell_user(NoticeType.KYC_SUBMITTED, once_per="submission_id"),
    ),
    KycApproved: (reward_jobs.REWARD_KYC, tell_user(NoticeType.KYC_APPROVED, once_per="submission_id")),
    KycRejected: (tell_user(NoticeType.KYC_REJECTED, once_per="submission_id"),),
    # The books.
    LedgerMismatch: (tell_staff(StaffNoticeType.LEDGER_MISMATCH),),
    AdjustmentWaits: (
        tell_staff(StaffNoticeType.ADJUSTMENT_TO_APPROVE, currency="NPR"),
        tell_staff(StaffNoticeType.POINTS_TO_APPROVE, currency="PTS"),
    ),
    AdjustmentApplied: (
        tell_user(NoticeType.BALANCE_ADDED, once_per="adjustment_id", currency="NPR", added=True),
        tell_user(NoticeType.BALANCE_TAKEN, once_per="adjustment_id", currency="NPR", added=False),
        note_in_conversation("balance_added", currency="NPR", added=True),
        note_in_conversation("balance_taken", currency="NPR", added=False),
        tell_user(NoticeType.POINTS_ADDED, once_per="adjustment_id", currency="PTS", added=True),
        tell_user(NoticeType.POINTS_TAKEN, once_per="adjustment_id", currency="PTS", added=False),
    ),
    ActWaits: (tell_staff(StaffNoticeType.ACT_TO_APPROVE),),
    DueWaived: (tell_user(NoticeType.DUE_WAIVED), note_in_conversation("due_waived")),
    # Payments.
    payments.PaymentReady: (tell_user(NoticeType.PAYMENT_READY, once_per="intent_id"),),
    payments.TopupSucceeded: (reward_jobs.REWARD_TOPUP, tell_user(NoticeType.TOPUP_SUCCESS, once_per="intent_id")),
    payments.TopupFailed: (  # whoever cancels knows it
        tell_user(NoticeType.TOPUP_FAILED, once_per="intent_id", status="failed"),
        tell_user(NoticeType.TOPUP_FAILED, once_per="intent_id", status="expired"),
    ),
    payments.TopupChargedBack: (tell_user(NoticeType.TOPUP_CHARGED_BACK, once_per="chargeback_id"),),
    payments.ChargebackReversed: (tell_user(NoticeType.TOPUP_GIVEN_BACK),),
    payments.ChargebackOwed: (tell_user(NoticeType.DUE_CHARGED_BACK, once_per="chargeback_id"),),
    payments.PaymentNeedsReview: (tell_staff(StaffNoticeType.PAYMENT_NEEDS_REVIEW),),
    payments.SettlementMismatch: (tell_staff(StaffNoticeType.SETTLEMENT_MISMATCH),),
    payments.ExchangeRatesStale: (tell_staff(StaffNoticeType.EXCHANGE_RATES_STALE),),
    payments.BalanceLow: (
        tell_user(NoticeType.LOW_CREDIT, critical=False),
        tell_user(NoticeType.CRITICAL_CREDIT, critical=True),
    ),
    payments.UsageHigh: (tell_user(NoticeType.HIGH_USAGE),),
    payments.DueLate: (tell_user(NoticeType.DUE_LATE, once_per="due_id"),),
    payments.DuePaid: (tell_user(NoticeType.DUE_PAID, once_per="transaction_id"),),
    payments.RefundRequested: (tell_user(NoticeType.REFUND_REQUESTED, once_per="refund_id"),),
    payments.RefundWaits: (tell_staff(StaffNoticeType.REFUND_TO_APPROVE),),
    payments.RefundApproved: (
        tell_user(NoticeType.REFUND_APPROVED, once_per="refund_id"),
        note_in_conversation("refund_approved"),
    ),
    payments.RefundRejected: (
        tell_user(NoticeType.REFUND_REJECTED, once_per="refund_id"),
        note_in_conversation("refund_rejected"),
    ),
    payments.RefundCompleted: (tell_user(NoticeType.REFUND_COMPLETED, once_per="refund_id"),),
    payments.RefundNeedsAttention: (tell_staff(StaffNoticeType.REFUND_STUCK),),
    # Partners and payouts.
    AgreementEnds: (tell_staff(StaffNoticeType.AGREEMENT_ENDS),),
    PayoutAccountRequested: (tell_staff(StaffNoticeType.PAYOUT_ACCOUNT_TO_CONFIRM),),
    PayoutAccountChanged: (tell_user(NoticeType.PAYOUT_ACCOUNT_CHANGED, once_per="version"),),
    PayoutWaits: (tell_staff(StaffNoticeType.PAYOUT_TO_APPROVE),),
    PayoutApproved: (payout_jobs.SEND_PAYOUT,),
    PayoutPaid: (payout_jobs.MAKE_STATEMENT,),
    OwnerPaid: (tell_user(NoticeType.PAYOUT_SENT, once_per="version"),),
    OwnerNotPaid: (tell_user(NoticeType.PAYOUT_FAILED, once_per="version"),),
    PayoutFailed: (tell_staff(StaffNoticeType.PAYOUT_NOT_PAID),),
    PayoutStuck: (tell_staff(StaffNoticeType.PAYOUT_STUCK),),
    PayoutRunFinished: (tell_staff(StaffNoticeType.PAYOUT_RUN_FINISHED),),
    # Points.
    AwardWaits: (tell_staff(StaffNoticeType.AWARD_TO_APPROVE),),
    PointsEarned: (reward_jobs.COUNT_POINTS, tell_user(NoticeType.POINTS_EARNED)),
    RentalPointsEarned: (tell_user(NoticeType.POINTS_EARNED),),
    PointsExpiring: (tell_user(NoticeType.POINTS_EXPIRING),),
    PointsReversed: (reward_jobs.COUNT_REVERSAL, tell_user(NoticeType.POINTS_REVERSED)),
    ReferralSuccess: (reward_jobs.COUNT_REFERRAL, tell_user(NoticeType.REFERRAL_SUCCESS, once_per="invitee_id")),
    # Coupons.
    CouponWaits: (tell_staff(StaffNoticeType.COUPON_TO_APPROVE),),
    # Stations.
    StationCommandSettled: (rental_jobs.SETTLE_EJECTION,),
    PowerbankReturned: (rental_jobs.PROCESS_RENTAL_RETURN,),
    LostBankFound: (rental_jobs.COMPLETE_FOUND_RENTAL,),
    EjectionUndone: (rental_jobs.UNDO_EJECTION,),
    ReturnSelfTested: (rental_jobs.FINISH_PROVISIONAL_RETURN,),
    PowerbankHeldBack: (crew_jobs.PLAN_CREW_STATION,),
    CrewEjectionSettled: (crew_jobs.FOLLOW_OPENING,),
    SlotLocked: (tell_staff(StaffNoticeType.STATION_FAULT), crew_jobs.PLAN_CREW_STATION),
    StationOffline: (
        tell_staff(StaffNoticeType.STATION_OFFLINE),
        crew_jobs.PLAN_CREW_STATION,
        tell_venue("offline"),
    ),
    StationOnline: (tell_staff(StaffNoticeType.STATION_ONLINE),),
    StationBatteryLow: (tell_staff(StaffNoticeType.LOW_BATTERY), crew_jobs.PLAN_CREW_STATION),
    StationAlarm: (tell_staff(StaffNoticeType.STATION_FAULT), crew_jobs.PLAN_CREW_STATION, tell_venue("alarm")),
    StationIssueReported: (
        tell_staff(StaffNoticeType.CRITICAL_ISSUE, priority="critical", first=True),
        tell_staff(StaffNoticeType.STATION_ISSUE, priority="normal", first=True),
        tell_user(NoticeType.STATION_ISSUE_RECEIVED, once_per="report_id"),
        tell_venue("issue", first=True),
        crew_jobs.PLAN_CREW_STATION,
    ),
    StationIssueResolved: (
        tell_user(NoticeType.STATION_ISSUE_RESOLVED, once_per="issue_id"),
        crew_jobs.PLAN_CREW_STATION,
    ),
    # The crew.
    CrewTaskAssigned: (tell_user(NoticeType.CREW_TASK_ASSIGNED, once_per="claimed_until"),),
    CrewWorkRejected: (tell_user(NoticeType.CREW_WORK_REJECTED, once_per="task_id"),),
    CrewShiftForgotten: (
        tell_user(NoticeType.CREW_SHIFT_ENDED, once_per="shift_id"),
        tell_staff(StaffNoticeType.CREW_SHIFT_FORGOTTEN),
    ),
    # Rentals.
    RentalStarted: (tell_user(NoticeType.RENTAL_STARTED, once_per="rental_id"),),
    RentalPaid: (tell_user(NoticeType.PURCHASE_SUCCESS, once_per="version"),),
    RentalFailed: (tell_user(NoticeType.RENTAL_FAILED, once_per="rental_id"),),
    RentalCancelled: (
        reward_jobs.REVERSE_RENTAL,
        reward_jobs.UNCOUNT_RENTAL,
        tell_user(NoticeType.RENTAL_CANCELLED, once_per="rental_id"),
    ),
    RentalExtended: (tell_user(NoticeType.RENTAL_EXTENDED, once_per="due_at"),),
    RentalEndingSoon: (tell_user(NoticeType.RENTAL_ENDING_SOON, once_per="due_at"),),
    RentalOverdue: (tell_user(NoticeType.RENTAL_OVERDUE, once_per="due_at"),),
    RentalCompleted: (reward_jobs.REWARD_RENTAL,),
    RentalSettled: (tell_user(NoticeType.RENTAL_COMPLETED, once_per="rental_id"),),
    RentalLost: (tell_user(NoticeType.RENTAL_LOST, once_per="rental_id"),),
    RentalRefunded: (tell_user(NoticeType.REFUND_COMPLETED), note_in_conversation("rental_refunded")),
    DueCreated: (tell_user(NoticeType.DUE_CREATED),),
    CaseDecided: (
        tell_user(NoticeType.CASE_UPHELD, once_per="case_id", upheld=True),
        tell_user(NoticeType.CASE_DISMISSED, once_per="case_id", upheld=False),
        note_in_conversation("case_upheld", upheld=True),
        note_in_conversation("case_dismissed", upheld=False),
    ),
    ReturnBlocked: (
        tell_user(NoticeType.RETURN_PAUSED, once_per="block_id", granted=True, has_slot=True),
        tell_user(NoticeType.RETURN_PAUSED_ANYWHERE, once_per="block_id", granted=True, has_slot=False),
        crew_jobs.PLAN_CREW_STATION,
    ),
    ReturnSlotMoved: (
        tell_user(NoticeType.RETURN_SLOT_MOVED, has_slot=True),
        tell_user(NoticeType.RETURN_SLOT_GONE, has_slot=False),
    ),
    ReturnPauseOver: (tell_user(NoticeType.RETURN_PAUSE_OVER, once_per="block_id"),),
    ReservationExpired: (
        tell_user(NoticeType.RESERVATION_EXPIRED, once_per="reservation_id", has_fee=False),
        tell_user(NoticeType.RESERVATION_CHARGED, once_per="reservation_id", has_fee=True),
    ),
    ReservationShortened: (tell_user(NoticeType.RESERVATION_SHORTENED, once_per="reservation_id"),),
    ReservationLost: (tell_user(NoticeType.RESERVATION_LOST, once_per="reservation_id"),),
    RentalDisputed: (tell_staff(StaffNoticeType.RENTAL_DISPUTED),),
    RentalCameLate: (tell_staff(StaffNoticeType.RENTAL_CAME_LATE),),
    PaidNotEjected: (tell_staff(StaffNoticeType.PAID_NOT_EJECTED),),
    UnmatchedReturn: (tell_staff(StaffNoticeType.UNMATCHED_RETURN),),
    AnomalyFound: (tell_staff(StaffNoticeType.ANOMALY),),
    # Support.
    SupportOverdue: (tell_staff(StaffNoticeType.SUPPORT_OVERDUE),),
    # Achievements.
    AchievementUnlocked: (tell_user(NoticeType.ACHIEVEMENT_UNLOCKED, once_per="achievement_id"),),
    # Operations. Alerts of other kinds have an event of their own, or are for the console only.
    OpsAlertRaised: (
        tell_staff(StaffNoticeType.QUEUE_BACKLOG, kind="queue_backlog"),
        tell_staff(StaffNoticeType.STARTS_REFUSED, kind="starts_refused"),
        tell_staff(StaffNoticeType.JOB_OVERDUE, kind="job_overdue"),
        tell_staff(StaffNoticeType.DEAD_LETTERS, kind="dead_letters"),
        tell_staff(StaffNoticeType.CLOCK_WRONG, kind="clock_wrong"),
        *(tell_staff(StaffNoticeType.NO_WORKERS, kind=kind) for kind in NOBODY_WORKS),
    ),
    TemplateFailed: (tell_staff(StaffNoticeType.TEMPLATE_BROKEN),),
}

_OF_RENTALS = Details(rental_notices.notice_details, rental_notices.DETAIL_NAMES)

# What the texts say beyond the fields of their events.
DETAILS: dict[NoticeType, Details] = {
    NoticeType.PAYMENT_READY: Details(payment_queries.find_amount_if_payable, ("amount",)),
    NoticeType.TOPUP_SUCCESS: Details(payment_queries.find_balance, ("balance",)),
    NoticeType.POINTS_EARNED: Details(earnings.details_unless_own_notice),
    NoticeType.STATION_ISSUE_RECEIVED: Details(issues.describe_reported_station, ("station",)),
    NoticeType.RENTAL_STARTED: _OF_RENTALS,
    NoticeType.RENTAL_FAILED: _OF_RENTALS,
    NoticeType.RENTAL_CANCELLED: _OF_RENTALS,
    NoticeType.RENTAL_EXTENDED: _OF_RENTALS,
    NoticeType.RENTAL_ENDING_SOON: _OF_RENTALS,
    NoticeType.RENTAL_OVERDUE: Details(rental_notices.details_if_still_out, rental_notices.DETAIL_NAMES),
    NoticeType.RENTAL_COMPLETED: _OF_RENTALS,
    NoticeType.RENTAL_LOST: _OF_RENTALS,
}


def init_app(app: Flask) -> None:
    app.extensions["subscriptions"] = SUBSCRIPTIONS
    app.extensions["console_changes"] = CONSOLE_CHANGES
    app.extensions["notice_details"] = DETAILS
