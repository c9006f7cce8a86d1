"""The part of the catalogue that tells people: its jobs and its schedule."""

from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule, Unique

CREATE_NOTIFICATION = JobSpec(
    "create_notification", "jobs.notifications.create_notification", Queue.DEFAULT, Retries((30, 30))
)
SEND_PUSH = JobSpec(
    "send_push",
    "jobs.notifications.send",
    Queue.NOTIFICATIONS,
    Retries((60, 120, 240)),
    expires=180,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_SMS = JobSpec(
    "send_sms",
    "jobs.notifications.send",
    Queue.NOTIFICATIONS,
    Retries((60, 120, 240)),
    expires=600,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_EMAIL = JobSpec(
    "send_email",
    "jobs.notifications.send",
    Queue.DEFAULT,
    Retries((60, 300)),
    expires=1800,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
CLOSE_DELIVERY = JobSpec(
    "close_delivery", "jobs.notifications.close_delivery", Queue.NOTIFICATIONS, Retries((60,), until_done=True)
)
PRUNE_NOTIFICATIONS = JobSpec(
    "prune_notifications",
    "jobs.notifications.prune_notifications",
    Queue.CLEANUP,
    Retries((300, 1800)),
    stepwise=True,
)
BROADCAST_SYSTEM_MESSAGE = JobSpec(
    "broadcast_system_message",
    "jobs.notifications.broadcast_system_message",
    Queue.NOTIFICATIONS,
    Retries((120, 120)),
    alarm=3600,
    stepwise=True,
)
SEND_TEMPLATE_TEST = JobSpec(
    "send_template_test",
    "jobs.notifications.send_template_test",
    Queue.NOTIFICATIONS,
    Retries((30,)),
    expires=180,
    stepwise=True,
    vendor=True,
    on_dead="close_delivery",
)
SEND_DIGEST = JobSpec(
    "send_digest", "jobs.notifications.send_digest", Queue.DEFAULT, Retries((60, 300)), unique=Unique.WHILE_OPEN
)
REMIND_UNFINISHED = JobSpec(
    "remind_unfinished", "jobs.notifications.remind_unfinished", Queue.DEFAULT, Retries((300, 1800)), stepwise=True
)
FINISH_ACCOUNTS = JobSpec("finish_accounts", "jobs.notifications.finish_accounts", Queue.CLEANUP, Retries((300, 1800)))
NOTIFY_USER = JobSpec("notify_user", "jobs.notifications.notify_user", Queue.DEFAULT, Retries((30, 60, 300)))
NOTIFY_STAFF = JobSpec("notify_staff", "jobs.notifications.notify_staff", Queue.CRITICAL, Retries((30, 60, 300)))

NOTICE_SCHEDULES: tuple[Schedule, ...] = (
    Schedule("prune-notifications", PRUNE_NOTIFICATIONS, "15 3 * * *"),
    Schedule("unfinished-accounts", FINISH_ACCOUNTS, "0 3 * * *"),
    Schedule("kyc-and-profile-reminders", REMIND_UNFINISHED, "0 10 * * *"),
)
