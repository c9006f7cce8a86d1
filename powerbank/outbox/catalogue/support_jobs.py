"""The jobs of support: answers that are late or not read, lines about what staff did, old contents."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, retry_after

TELL_SUPPORT_ANSWER = JobSpec(
    "tell_support_answer",
    body="jobs.support.tell_support_answer",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(MINUTE, 5 * MINUTE),
    expires=HOUR,
)
NOTE_ACT_IN_CONVERSATION = JobSpec(
    "note_act_in_conversation",
    body="jobs.support.note_act_in_conversation",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
)
TELL_VENUE_OF_ALERT = JobSpec(
    "tell_venue_of_alert",
    body="jobs.support.tell_venue_of_alert",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
    expires=HOUR,
)
ESCALATE_LATE_ANSWERS = JobSpec(
    "escalate_late_answers",
    body="jobs.support.escalate_late_answers",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE),
    stepwise=True,
)
CLOSE_SOLVED_CONVERSATIONS = JobSpec(
    "close_solved_conversations",
    body="jobs.support.close_solved_conversations",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)
PRUNE_SUPPORT = JobSpec(
    "prune_support",
    body="jobs.support.prune_support",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

JOBS = (
    TELL_SUPPORT_ANSWER,
    NOTE_ACT_IN_CONVERSATION,
    TELL_VENUE_OF_ALERT,
    ESCALATE_LATE_ANSWERS,
    CLOSE_SOLVED_CONVERSATIONS,
    PRUNE_SUPPORT,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("late-support-answers", job=ESCALATE_LATE_ANSWERS, cron="* * * * *", timezone="UTC"),
    Schedule("close-solved-conversations", job=CLOSE_SOLVED_CONVERSATIONS, cron="35 * * * *", timezone="UTC"),
    Schedule("prune-support", job=PRUNE_SUPPORT, cron="35 3 * * *"),
)
