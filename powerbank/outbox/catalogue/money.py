"""The part of the catalogue that carries money: the ledger, top-ups, refunds, notices of credit, operations.

Part of `powerbank.outbox.catalogue.jobs`, through which everybody knows them."""

from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule, Unique

# ── Money ────────────────────────────────────────────────────────────────────────────────────────────
SEAL_LEDGER_SUMS = JobSpec(
    "seal_ledger_sums",
    "jobs.ledger.seal_ledger_sums",
    Queue.ANALYTICS,
    expires=3600,
    stepwise=True,
    result_ttl=60,
)
RECONCILE_LEDGER = JobSpec(
    "reconcile_ledger",
    "jobs.ledger.reconcile_ledger",
    Queue.ANALYTICS,
    Retries((300, 1800)),
    stepwise=True,
)

# ── Payments ─────────────────────────────────────────────────────────────────────────────────────────
GIVE_UP_PAYMENT_URL = JobSpec(
    "give_up_payment_url", "jobs.payments.give_up_payment_url", Queue.PAYMENTS, Retries((10,), until_done=True)
)
CREATE_PAYMENT_URL = JobSpec(
    "create_payment_url",
    "jobs.payments.create_payment_url",
    Queue.PAYMENTS,
    Retries((5, 15, 30, 60, 120)),
    expires=600,
    stepwise=True,
    vendor=True,
    on_dead="give_up_payment_url",
)
CLOSE_PAYMENT_INTENT = JobSpec(
    "close_payment_intent", "jobs.payments.close_payment_intent", Queue.PAYMENTS, Retries((10,), until_done=True)
)
EXPIRE_PAYMENT_INTENT = JobSpec(
    "expire_payment_intent",
    "jobs.payments.expire_payment_intent",
    Queue.PAYMENTS,
    Retries((30, 60, 120)),
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
    on_dead="close_payment_intent",
)
POLL_PENDING_PAYMENT = JobSpec(
    "poll_pending_payment",
    "jobs.payments.poll_pending_payment",
    Queue.PAYMENTS,
    Retries((30, 60, 120, 240, 480, 900)),
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
POLL_PENDING_PAYMENTS = JobSpec(
    "poll_pending_payments", "jobs.payments.poll_pending_payments", Queue.PAYMENTS, Retries((30,)), expires=300
)
PROCESS_PAYMENT_WEBHOOK = JobSpec(
    "process_payment_webhook",
    "jobs.payments.process_payment_webhook",
    Queue.PAYMENTS,
    Retries((10, 30, 60), until_done=True),
    alarm=300,
    stepwise=True,
    vendor=True,
)
PROCESS_GATEWAY_REFUND = JobSpec(
    "process_gateway_refund",
    "jobs.payments.process_gateway_refund",
    Queue.PAYMENTS,
    Retries((10, 30, 60), until_done=True),
    alarm=300,
    stepwise=True,
    vendor=True,
)
PROCESS_GATEWAY_DISPUTE = JobSpec(
    "process_gateway_dispute",
    "jobs.payments.process_gateway_dispute",
    Queue.PAYMENTS,
    Retries((10, 30, 60), until_done=True),
    alarm=300,
    stepwise=True,
    vendor=True,
)
UPDATE_EXCHANGE_RATES = JobSpec(
    "update_exchange_rates",
    "jobs.payments.update_exchange_rates",
    Queue.DEFAULT,
    Retries((60, 300, 900, 3600)),
    stepwise=True,
    vendor=True,
)
CHECK_EXCHANGE_RATES = JobSpec(
    "check_exchange_rates", "jobs.payments.check_exchange_rates", Queue.DEFAULT, Retries((60,))
)

# A refund that a gateway refuses, or cannot answer for, goes to staff; so these never end dead by a refusal.
REFUND_TOPUP = JobSpec(
    "refund_topup",
    "jobs.refunds.refund_topup",
    Queue.PAYMENTS,
    Retries((60, 120, 300), until_done=True),
    alarm=3600,
    stepwise=True,
    vendor=True,
)
FOLLOW_REFUND = JobSpec(
    "follow_refund",
    "jobs.refunds.follow_refund",
    Queue.PAYMENTS,
    Retries((60, 300, 900), until_done=True),
    alarm=86400,
    stepwise=True,
    vendor=True,
)
REFUND_RENTAL_PAYMENT = JobSpec(
    "refund_rental_payment",
    "jobs.refunds.refund_rental_payment",
    Queue.PAYMENTS,
    Retries((60,), until_done=True),
    alarm=600,
)
ALERT_LOW_CREDIT = JobSpec(
    "alert_low_credit", "jobs.credit.alert_low_credit", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
ALERT_CRITICAL_CREDIT = JobSpec(
    "alert_critical_credit", "jobs.credit.alert_critical_credit", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
ALERT_HIGH_USAGE = JobSpec(
    "alert_high_usage", "jobs.credit.alert_high_usage", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
REMIND_OF_DUES = JobSpec(
    "remind_of_dues", "jobs.credit.remind_of_dues", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
COLLECT_LATE_DUES = JobSpec(
    "collect_late_dues", "jobs.credit.collect_late_dues", Queue.DEFAULT, Retries((60, 300)), stepwise=True
)
COLLECT_LATE_DUES_OF = JobSpec(
    "collect_late_dues_of",
    "jobs.credit.collect_late_dues_of",
    Queue.PAYMENTS,
    Retries((60,), until_done=True),
    alarm=3600,
    unique=Unique.WHILE_OPEN,
)
COMPARE_SETTLEMENTS = JobSpec(
    "compare_settlements",
    "jobs.payments.compare_settlements",
    Queue.ANALYTICS,
    Retries((300, 1800)),
    stepwise=True,
    vendor=True,
)
# A gateway that is away is asked again until the next night, which gives up what is left.
COMPARE_PAYMENTS = JobSpec(
    "compare_payments",
    "jobs.payments.compare_payments",
    Queue.ANALYTICS,
    Retries((300, 600), until_done=True),
    alarm=86400,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
PRUNE_PAYMENTS = JobSpec(
    "prune_payments", "jobs.payments.prune_payments", Queue.CLEANUP, Retries((300, 1800)), stepwise=True
)
CALCULATE_PAYMENT_OPTIONS = JobSpec(
    "calculate_payment_options",
    "jobs.payments.calculate_payment_options",
    Queue.DEFAULT,
    Retries((30, 30)),
    expires=300,
    on_dead="fail_operation",
)

# ── Accepted work that has no resource of its own ────────────────────────────────────────────────────
FAIL_OPERATION = JobSpec(
    "fail_operation", "jobs.operations.fail_operation", Queue.DEFAULT, Retries((10,), until_done=True)
)
SEND_CALLBACK = JobSpec(
    "send_callback",
    "jobs.operations.send_callback",
    Queue.DEFAULT,
    Retries((10, 60, 300)),
    expires=3600,
    stepwise=True,
    vendor=True,
)
PRUNE_OPERATIONS = JobSpec("prune_operations", "jobs.operations.prune_operations", Queue.CLEANUP, Retries((300, 1800)))

MONEY_SCHEDULES: tuple[Schedule, ...] = (
    Schedule("seal-ledger-sums", SEAL_LEDGER_SUMS, "*/10 * * * *", "UTC"),
    Schedule("ledger-reconciliation", RECONCILE_LEDGER, "0 2 * * *"),
    Schedule("pending-payments-poll", POLL_PENDING_PAYMENTS, "*/5 * * * *", "UTC"),
    Schedule("exchange-rates", UPDATE_EXCHANGE_RATES, "0 0 * * *", "UTC", at_once=True),
    Schedule("exchange-rates-check", CHECK_EXCHANGE_RATES, "0 9 * * *"),
    Schedule("critical-credit", ALERT_CRITICAL_CREDIT, "0 */4 * * *"),
    Schedule("low-credit", ALERT_LOW_CREDIT, "0 6 * * *"),
    Schedule("high-usage", ALERT_HIGH_USAGE, "0 7 * * *"),
    Schedule("dues-reminder", REMIND_OF_DUES, "30 10 * * *"),
    Schedule("dues-grace", COLLECT_LATE_DUES, "0 * * * *"),
    Schedule("settlement-comparison", COMPARE_SETTLEMENTS, "30 2 * * *"),
    Schedule("prune-payments", PRUNE_PAYMENTS, "25 3 * * *"),
    Schedule("prune-operations", PRUNE_OPERATIONS, "20 3 * * *"),
)
