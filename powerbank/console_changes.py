"""What the console shows and works off changes with these events. Alerts and dead letters announce themselves."""

from powerbank.kyc.events import KycApproved, KycRejected, KycSubmitted
from powerbank.ledger.events import ActWaits, AdjustmentApplied, AdjustmentWaits
from powerbank.outbox.events import ConsoleChange, ConsoleChanges
from powerbank.payments.events import (
    PaymentNeedsReview,
    RefundApproved,
    RefundNeedsAttention,
    RefundRejected,
    RefundWaits,
)
from powerbank.rentals.events import CaseDecided, RentalDisputed
from powerbank.stations.events import StationIssueReported, StationIssueResolved
from powerbank.support.events import SupportOverdue

CONSOLE_CHANGES: ConsoleChanges = {
    KycSubmitted: ConsoleChange("identity_check", "submission_id"),
    KycApproved: ConsoleChange("identity_check", "submission_id"),
    KycRejected: ConsoleChange("identity_check", "submission_id"),
    ActWaits: ConsoleChange("approval", "act_id"),
    AdjustmentWaits: ConsoleChange("approval", "adjustment_id"),
    AdjustmentApplied: ConsoleChange("approval", "adjustment_id"),
    PaymentNeedsReview: ConsoleChange("payment_review", "intent_id"),
    RefundWaits: ConsoleChange("approval", "refund_id"),
    RefundApproved: ConsoleChange("approval", "refund_id"),
    RefundRejected: ConsoleChange("approval", "refund_id"),
    RefundNeedsAttention: ConsoleChange("refund", "refund_id"),
    RentalDisputed: ConsoleChange("case", "case_id"),
    CaseDecided: ConsoleChange("case", "case_id"),
    SupportOverdue: ConsoleChange("conversation", "conversation_id"),
    StationIssueReported: ConsoleChange("station_issue", "issue_id"),
    StationIssueResolved: ConsoleChange("station_issue", "issue_id"),
}
