"""The jobs that tell people and staff something."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

CREATE_NOTIFICATION = JobSpec(
    "create_notification",
    body="jobs.notifications.create_notification",
    queue=Queue.DEFAULT,
    retries=retry_after(30, 30),
)
SEND_PUSH = JobSpec(
    "send_push",
    body="jobs.notifications.send",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(MINUTE, 2 * MINUTE, 4 * MINUTE),
    expires=3 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_SMS = JobSpec(
    "send_sms",
    body="jobs.notifications.send",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(MINUTE, 2 * MINUTE, 4 * MINUTE),
    expires=10 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_EMAIL = JobSpec(
    "send_email",
    body="jobs.notifications.send",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
    expires=30 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
CLOSE_DELIVERY = JobSpec(
    "close_delivery",
    body="jobs.notifications.close_delivery",
    queue=Queue.NOTIFICATIONS,
    retries=retry_until_done(MINUTE),
)
PRUNE_NOTIFICATIONS = JobSpec(
    "prune_notifications",
    body="jobs.notifications.prune_notifications",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
BROADCAST_SYSTEM_MESSAGE = JobSpec(
    "broadcast_system_message",
    body="jobs.notifications.broadcast_system_message",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(2 * MINUTE, 2 * MINUTE),
    alarm=HOUR,
    stepwise=True,
)
SEND_TEMPLATE_TEST = JobSpec(
    "send_template_test",
    body="jobs.notifications.send_template_test",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(30),
    expires=3 * MINUTE,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_DIGEST = JobSpec(
    "send_digest",
    body="jobs.notifications.send_digest",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
    unique=Unique.WHILE_OPEN,
)
REMIND_UNFINISHED = JobSpec(
    "remind_unfinished",
    body="jobs.notifications.remind_unfinished",
    queue=Queue.DEFAULT,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
FINISH_ACCOUNTS = JobSpec(
    "finish_accounts",
    body="jobs.notifications.finish_accounts",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)
NOTIFY_USER = JobSpec(
    "notify_user",
    body="jobs.notifications.notify_user",
    queue=Queue.DEFAULT,
    retries=retry_after(30, MINUTE, 5 * MINUTE),
)
NOTIFY_USER_OF_SEVERAL = JobSpec(
    "notify_user_of_several",
    body="jobs.notifications.notify_user_of_several",
    queue=Queue.DEFAULT,
    retries=retry_after(30, MINUTE, 5 * MINUTE),
)
NOTIFY_STAFF = JobSpec(
    "notify_staff",
    body="jobs.notifications.notify_staff",
    queue=Queue.CRITICAL,
    retries=retry_after(30, MINUTE, 5 * MINUTE),
)

JOBS = (
    CREATE_NOTIFICATION,
    SEND_PUSH,
    SEND_SMS,
    SEND_EMAIL,
    CLOSE_DELIVERY,
    PRUNE_NOTIFICATIONS,
    BROADCAST_SYSTEM_MESSAGE,
    SEND_TEMPLATE_TEST,
    SEND_DIGEST,
    REMIND_UNFINISHED,
    FINISH_ACCOUNTS,
    NOTIFY_USER,
    NOTIFY_USER_OF_SEVERAL,
    NOTIFY_STAFF,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("prune-notifications", job=PRUNE_NOTIFICATIONS, cron="15 3 * * *"),
    Schedule("unfinished-accounts", job=FINISH_ACCOUNTS, cron="0 3 * * *"),
    Schedule("kyc-and-profile-reminders", job=REMIND_UNFINISHED, cron="0 10 * * *"),
)
