"""The jobs that no single area owns: publishing content, accepted operations, and the job system itself."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, retry_after, retry_until_done

PUBLISH_CONTENT = JobSpec(
    "publish_content",
    body="jobs.content.publish_content",
    queue=Queue.DEFAULT,
    retries=retry_until_done(MINUTE, 5 * MINUTE),
    alarm=HOUR,
)
FAIL_OPERATION = JobSpec(
    "fail_operation",
    body="jobs.operations.fail_operation",
    queue=Queue.DEFAULT,
    retries=retry_until_done(10),
)
SEND_CALLBACK = JobSpec(
    "send_callback",
    body="jobs.operations.send_callback",
    queue=Queue.DEFAULT,
    retries=retry_after(10, MINUTE, 5 * MINUTE),
    expires=HOUR,
    stepwise=True,
    vendor=True,
)
PRUNE_OPERATIONS = JobSpec(
    "prune_operations",
    body="jobs.operations.prune_operations",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)
TICK = JobSpec(
    "tick",
    body="jobs.ops.tick",
    queue=Queue.CRITICAL,
    durable=False,
    time_limit=60,
    result_ttl=60,
)
REDELIVER = JobSpec(
    "redeliver_stranded_jobs",
    body="jobs.ops.redeliver_stranded_jobs",
    queue=Queue.CRITICAL,
    expires=5 * MINUTE,
    stepwise=True,
    result_ttl=60,
)
MONITOR = JobSpec(
    "monitor_queues",
    body="jobs.ops.monitor_queues",
    queue=Queue.CRITICAL,
    expires=5 * MINUTE,
    stepwise=True,
    result_ttl=60,
)
DECIDE_DEAD_LETTERS = JobSpec(
    "decide_dead_letters",
    body="jobs.ops.decide_dead_letters",
    queue=Queue.DEFAULT,
    retries=retry_after(10, MINUTE),
    stepwise=True,
    on_dead="fail_operation",
)
PRUNE_JOBS = JobSpec(
    "prune_jobs",
    body="jobs.ops.prune_jobs",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
PRUNE_IDEMPOTENCY_KEYS = JobSpec(
    "prune_idempotency_keys",
    body="jobs.ops.prune_idempotency_keys",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
RECORD_STOCKS = JobSpec(
    "record_stocks",
    body="jobs.ops.record_stocks",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE, 5 * MINUTE),
    expires=30 * MINUTE,
)

JOBS = (
    PUBLISH_CONTENT,
    FAIL_OPERATION,
    SEND_CALLBACK,
    PRUNE_OPERATIONS,
    TICK,
    REDELIVER,
    MONITOR,
    DECIDE_DEAD_LETTERS,
    PRUNE_JOBS,
    PRUNE_IDEMPOTENCY_KEYS,
    RECORD_STOCKS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("stranded-job-redelivery", job=REDELIVER, cron="* * * * *", timezone="UTC"),
    Schedule("queue-monitor", job=MONITOR, cron="* * * * *", timezone="UTC"),
    Schedule("prune-jobs", job=PRUNE_JOBS, cron="0 3 * * *"),
    Schedule("prune-idempotency-keys", job=PRUNE_IDEMPOTENCY_KEYS, cron="10 3 * * *"),
    Schedule("hourly-stocks", job=RECORD_STOCKS, cron="0 * * * *", timezone="UTC"),
    Schedule("prune-operations", job=PRUNE_OPERATIONS, cron="20 3 * * *"),
)
