"""The jobs of money: the ledger, top-ups, refunds, dues, and the comparison with the gateways."""

from powerbank.outbox.policy import DAY, HOUR, MINUTE, JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

SEAL_LEDGER_SUMS = JobSpec(
    "seal_ledger_sums",
    body="jobs.ledger.seal_ledger_sums",
    queue=Queue.ANALYTICS,
    expires=HOUR,
    stepwise=True,
    result_ttl=60,
)
RECONCILE_LEDGER = JobSpec(
    "reconcile_ledger",
    body="jobs.ledger.reconcile_ledger",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
GIVE_UP_PAYMENT_URL = JobSpec(
    "give_up_payment_url",
    body="jobs.payments.topups.give_up_payment_url",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10),
)
CREATE_PAYMENT_URL = JobSpec(
    "create_payment_url",
    body="jobs.payments.topups.create_payment_url",
    queue=Queue.PAYMENTS,
    retries=retry_after(5, 15, 30, MINUTE, 2 * MINUTE),
    expires=10 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="give_up_payment_url",
)
CLOSE_PAYMENT_INTENT = JobSpec(
    "close_payment_intent",
    body="jobs.payments.topups.close_payment_intent",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10),
)
EXPIRE_PAYMENT_INTENT = JobSpec(
    "expire_payment_intent",
    body="jobs.payments.topups.expire_payment_intent",
    queue=Queue.PAYMENTS,
    retries=retry_after(30, MINUTE, 2 * MINUTE),
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
    on_dead="close_payment_intent",
)
POLL_PENDING_PAYMENT = JobSpec(
    "poll_pending_payment",
    body="jobs.payments.topups.poll_pending_payment",
    queue=Queue.PAYMENTS,
    retries=retry_after(30, MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 15 * MINUTE),
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
POLL_PENDING_PAYMENTS = JobSpec(
    "poll_pending_payments",
    body="jobs.payments.topups.poll_pending_payments",
    queue=Queue.PAYMENTS,
    retries=retry_after(30),
    expires=5 * MINUTE,
)
PROCESS_PAYMENT_WEBHOOK = JobSpec(
    "process_payment_webhook",
    body="jobs.payments.topups.process_payment_webhook",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10, 30, MINUTE),
    alarm=5 * MINUTE,
    stepwise=True,
    vendor=True,
)
PROCESS_GATEWAY_REFUND = JobSpec(
    "process_gateway_refund",
    body="jobs.payments.chargebacks.process_gateway_refund",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10, 30, MINUTE),
    alarm=5 * MINUTE,
    stepwise=True,
    vendor=True,
)
PROCESS_GATEWAY_DISPUTE = JobSpec(
    "process_gateway_dispute",
    body="jobs.payments.chargebacks.process_gateway_dispute",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(10, 30, MINUTE),
    alarm=5 * MINUTE,
    stepwise=True,
    vendor=True,
)
# What staff want looked into once more, so many a minute.
REPLAY_WEBHOOKS = JobSpec(
    "replay_webhooks",
    body="jobs.payments.topups.replay_webhooks",
    queue=Queue.DEFAULT,
    retries=retry_after(10, MINUTE),
    on_dead="fail_operation",
)
UPDATE_EXCHANGE_RATES = JobSpec(
    "update_exchange_rates",
    body="jobs.payments.topups.update_exchange_rates",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR),
    stepwise=True,
    vendor=True,
)
CHECK_EXCHANGE_RATES = JobSpec(
    "check_exchange_rates",
    body="jobs.payments.topups.check_exchange_rates",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE),
)
# A refund that a gateway refuses, or cannot answer for, goes to staff; so these never end dead by a refusal.
REFUND_TOPUP = JobSpec(
    "refund_topup",
    body="jobs.payments.refunds.refund_topup",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(MINUTE, 2 * MINUTE, 5 * MINUTE),
    alarm=HOUR,
    stepwise=True,
    vendor=True,
)
FOLLOW_REFUND = JobSpec(
    "follow_refund",
    body="jobs.payments.refunds.follow_refund",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(MINUTE, 5 * MINUTE, 15 * MINUTE),
    alarm=DAY,
    stepwise=True,
    vendor=True,
)
ALERT_LOW_CREDIT = JobSpec(
    "alert_low_credit",
    body="jobs.payments.credit_alerts.alert_low_credit",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
ALERT_CRITICAL_CREDIT = JobSpec(
    "alert_critical_credit",
    body="jobs.payments.credit_alerts.alert_critical_credit",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
ALERT_HIGH_USAGE = JobSpec(
    "alert_high_usage",
    body="jobs.payments.credit_alerts.alert_high_usage",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
REMIND_OF_DUES = JobSpec(
    "remind_of_dues",
    body="jobs.payments.dues.remind_of_dues",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
COLLECT_LATE_DUES = JobSpec(
    "collect_late_dues",
    body="jobs.payments.dues.collect_late_dues",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
    stepwise=True,
)
COLLECT_LATE_DUES_OF = JobSpec(
    "collect_late_dues_of",
    body="jobs.payments.dues.collect_late_dues_of",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(MINUTE),
    alarm=HOUR,
    unique=Unique.WHILE_OPEN,
)
COMPARE_SETTLEMENTS = JobSpec(
    "compare_settlements",
    body="jobs.payments.review.compare_settlements",
    queue=Queue.ANALYTICS,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
    vendor=True,
)
# A gateway that is away is asked again until the next night, which gives up what is left.
COMPARE_PAYMENTS = JobSpec(
    "compare_payments",
    body="jobs.payments.review.compare_payments",
    queue=Queue.ANALYTICS,
    retries=retry_until_done(5 * MINUTE, 10 * MINUTE),
    alarm=DAY,
    stepwise=True,
    vendor=True,
    unique=Unique.WHILE_OPEN,
)
PRUNE_PAYMENTS = JobSpec(
    "prune_payments",
    body="jobs.payments.review.prune_payments",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
CALCULATE_PAYMENT_OPTIONS = JobSpec(
    "calculate_payment_options",
    body="jobs.payments.options.calculate_payment_options",
    queue=Queue.DEFAULT,
    retries=retry_after(30, 30),
    expires=5 * MINUTE,
    on_dead="fail_operation",
)

JOBS = (
    SEAL_LEDGER_SUMS,
    RECONCILE_LEDGER,
    GIVE_UP_PAYMENT_URL,
    CREATE_PAYMENT_URL,
    CLOSE_PAYMENT_INTENT,
    EXPIRE_PAYMENT_INTENT,
    POLL_PENDING_PAYMENT,
    POLL_PENDING_PAYMENTS,
    PROCESS_PAYMENT_WEBHOOK,
    PROCESS_GATEWAY_REFUND,
    PROCESS_GATEWAY_DISPUTE,
    REPLAY_WEBHOOKS,
    UPDATE_EXCHANGE_RATES,
    CHECK_EXCHANGE_RATES,
    REFUND_TOPUP,
    FOLLOW_REFUND,
    ALERT_LOW_CREDIT,
    ALERT_CRITICAL_CREDIT,
    ALERT_HIGH_USAGE,
    REMIND_OF_DUES,
    COLLECT_LATE_DUES,
    COLLECT_LATE_DUES_OF,
    COMPARE_SETTLEMENTS,
    COMPARE_PAYMENTS,
    PRUNE_PAYMENTS,
    CALCULATE_PAYMENT_OPTIONS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("seal-ledger-sums", job=SEAL_LEDGER_SUMS, cron="*/10 * * * *", timezone="UTC"),
    Schedule("ledger-reconciliation", job=RECONCILE_LEDGER, cron="0 2 * * *"),
    Schedule("pending-payments-poll", job=POLL_PENDING_PAYMENTS, cron="*/5 * * * *", timezone="UTC"),
    Schedule("exchange-rates", job=UPDATE_EXCHANGE_RATES, cron="0 0 * * *", timezone="UTC", at_once=True),
    Schedule("exchange-rates-check", job=CHECK_EXCHANGE_RATES, cron="0 9 * * *"),
    Schedule("critical-credit", job=ALERT_CRITICAL_CREDIT, cron="0 */4 * * *"),
    Schedule("low-credit", job=ALERT_LOW_CREDIT, cron="0 6 * * *"),
    Schedule("high-usage", job=ALERT_HIGH_USAGE, cron="0 7 * * *"),
    Schedule("dues-reminder", job=REMIND_OF_DUES, cron="30 10 * * *"),
    Schedule("dues-grace", job=COLLECT_LATE_DUES, cron="0 * * * *"),
    Schedule("settlement-comparison", job=COMPARE_SETTLEMENTS, cron="30 2 * * *"),
    Schedule("prune-payments", job=PRUNE_PAYMENTS, cron="25 3 * * *"),
)
