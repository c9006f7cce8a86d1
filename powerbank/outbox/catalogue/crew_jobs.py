"""The jobs of the crew: planning, what follows when a station changes, slots that open, and what runs out."""

from powerbank.outbox.policy import MINUTE, JobSpec, Queue, Schedule, retry_after, retry_until_done

PLAN_CREW_TASKS = JobSpec(
    "plan_crew_tasks",
    body="jobs.crew.plan_crew_tasks",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE),
    expires=300,
    missed_when_late=True,
)
PLAN_CREW_STATION = JobSpec(
    "plan_crew_station",
    body="jobs.crew.plan_crew_station",
    queue=Queue.DEFAULT,
    retries=retry_after(10, MINUTE),
)
SETTLE_CREW_TASKS = JobSpec(
    "settle_crew_tasks",
    body="jobs.crew.settle_crew_tasks",
    queue=Queue.IOT,
    retries=retry_until_done(5, 30, MINUTE),
)
OPEN_NEXT_SLOT = JobSpec(
    "open_next_slot",
    body="jobs.crew.open_next_slot",
    queue=Queue.IOT,
    retries=retry_until_done(2, 10, 30),
)
FOLLOW_OPENING = JobSpec(
    "follow_opening",
    body="jobs.crew.follow_opening",
    queue=Queue.IOT,
    retries=retry_until_done(2, 10, 30),
)
SWEEP_CREW = JobSpec(
    "sweep_crew",
    body="jobs.crew.sweep_crew",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE),
    stepwise=True,
)
RESET_CREW_BREAKS = JobSpec(
    "reset_crew_breaks",
    body="jobs.crew.reset_crew_breaks",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, 5 * MINUTE),
)
DELETE_OLD_CREW_ROWS = JobSpec(
    "delete_old_crew_rows",
    body="jobs.crew.delete_old_crew_rows",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE),
    stepwise=True,
)

JOBS = (
    PLAN_CREW_TASKS,
    PLAN_CREW_STATION,
    SETTLE_CREW_TASKS,
    OPEN_NEXT_SLOT,
    FOLLOW_OPENING,
    SWEEP_CREW,
    RESET_CREW_BREAKS,
    DELETE_OLD_CREW_ROWS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("crew-tasks", job=PLAN_CREW_TASKS, cron="*/5 * * * *"),
    Schedule("crew-sweep", job=SWEEP_CREW, cron="*/5 * * * *"),
    Schedule("crew-break-reset", job=RESET_CREW_BREAKS, cron="0 0 * * *"),
    Schedule("crew-cleanup", job=DELETE_OLD_CREW_ROWS, cron="20 3 * * *"),
)
