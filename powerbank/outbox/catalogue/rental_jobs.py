"""The jobs of rentals, from the ejection to the settled return."""

from powerbank.outbox.policy import HOUR, MINUTE, JobSpec, Queue, Schedule, Unique, retry_after, retry_until_done

PROCESS_RENTAL_INITIATION = JobSpec(
    "process_rental_initiation",
    body="jobs.rentals.process_rental_initiation",
    queue=Queue.CRITICAL,
    retries=retry_after(5, 15, 30),
    expires=3 * MINUTE,
    on_dead="abandon_rental_initiation",
)
ABANDON_RENTAL_INITIATION = JobSpec(
    "abandon_rental_initiation",
    body="jobs.rentals.abandon_rental_initiation",
    queue=Queue.CRITICAL,
    retries=retry_until_done(5),
    alarm=5 * MINUTE,
)
SETTLE_EJECTION = JobSpec(
    "settle_ejection",
    body="jobs.rentals.settle_ejection",
    queue=Queue.IOT,
    retries=retry_until_done(2, 5, 15),
    alarm=5 * MINUTE,
)
UNDO_EJECTION = JobSpec(
    "undo_ejection",
    body="jobs.rentals.undo_ejection",
    queue=Queue.CRITICAL,
    retries=retry_until_done(2, 5, 15),
    alarm=5 * MINUTE,
)
PROCESS_RENTAL_RETURN = JobSpec(
    "process_rental_return",
    body="jobs.rentals.process_rental_return",
    queue=Queue.CRITICAL,
    retries=retry_until_done(2, 10, MINUTE),
    alarm=5 * MINUTE,
)
COMPLETE_FOUND_RENTAL = JobSpec(
    "complete_found_rental",
    body="jobs.rentals.complete_found_rental",
    queue=Queue.CRITICAL,
    retries=retry_until_done(2, 10, MINUTE),
    alarm=5 * MINUTE,
)
FINISH_PROVISIONAL_RETURN = JobSpec(
    "finish_provisional_return",
    body="jobs.rentals.finish_provisional_return",
    queue=Queue.CRITICAL,
    retries=retry_until_done(5, MINUTE),
    alarm=5 * MINUTE,
)
PROCESS_OVERDUE_PAYMENT = JobSpec(
    "process_overdue_payment",
    body="jobs.rentals.process_overdue_payment",
    queue=Queue.PAYMENTS,
    retries=retry_until_done(MINUTE),
    alarm=HOUR,
)
SWAP_RENTAL = JobSpec(
    "swap_rental",
    body="jobs.rentals.swap_rental",
    queue=Queue.CRITICAL,
    retries=retry_after(5, 15, 30),
    expires=3 * MINUTE,
    on_dead="abandon_swap",
)
ABANDON_SWAP = JobSpec(
    "abandon_swap",
    body="jobs.rentals.abandon_swap",
    queue=Queue.CRITICAL,
    retries=retry_until_done(5),
    alarm=5 * MINUTE,
)
CONCLUDE_RENTAL = JobSpec(
    "conclude_rental",
    body="jobs.rentals.conclude_rental",
    queue=Queue.DEFAULT,
    retries=retry_until_done(30, MINUTE),
    alarm=HOUR,
)
SEND_RENTAL_REMINDER = JobSpec(
    "send_rental_reminder",
    body="jobs.rentals.send_rental_reminder",
    queue=Queue.NOTIFICATIONS,
    retries=retry_after(2 * MINUTE, 2 * MINUTE),
)
EXPIRE_RESERVATION = JobSpec(
    "expire_reservation",
    body="jobs.rentals.expire_reservation",
    queue=Queue.IOT,
    retries=retry_until_done(5, MINUTE),
    alarm=5 * MINUTE,
)
END_RETURN_PAUSE = JobSpec(
    "end_return_pause",
    body="jobs.rentals.end_return_pause",
    queue=Queue.IOT,
    retries=retry_until_done(5, MINUTE),
    alarm=5 * MINUTE,
)
MOVE_KEPT_SLOT = JobSpec(
    "move_kept_slot",
    body="jobs.rentals.move_kept_slot",
    queue=Queue.IOT,
    retries=retry_until_done(2, 15, MINUTE),
    alarm=5 * MINUTE,
)
SWEEP_PROMISES = JobSpec(
    "sweep_promises",
    body="jobs.rentals.sweep_promises",
    queue=Queue.IOT,
    expires=5 * MINUTE,
    stepwise=True,
    result_ttl=60,
    unique=Unique.WHILE_OPEN,
)
SWEEP_OVERDUE_RENTALS = JobSpec(
    "sweep_overdue_rentals",
    body="jobs.rentals.sweep_overdue_rentals",
    queue=Queue.IOT,
    expires=5 * MINUTE,
    stepwise=True,
    result_ttl=60,
)
SWEEP_STUCK_RENTALS = JobSpec(
    "sweep_stuck_rentals",
    body="jobs.rentals.sweep_stuck_rentals",
    queue=Queue.IOT,
    expires=5 * MINUTE,
    stepwise=True,
    result_ttl=60,
    unique=Unique.WHILE_OPEN,
)
SCAN_FOR_ANOMALIES = JobSpec(
    "scan_for_anomalies",
    body="jobs.rentals.scan_for_anomalies",
    queue=Queue.ANALYTICS,
    retries=retry_after(MINUTE),
    expires=15 * MINUTE,
)
PRUNE_LOCATIONS = JobSpec(
    "prune_locations",
    body="jobs.rentals.prune_locations",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)
PRUNE_REFUSED_STARTS = JobSpec(
    "prune_refused_starts",
    body="jobs.rentals.prune_refused_starts",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
)

JOBS = (
    PROCESS_RENTAL_INITIATION,
    ABANDON_RENTAL_INITIATION,
    SETTLE_EJECTION,
    UNDO_EJECTION,
    PROCESS_RENTAL_RETURN,
    COMPLETE_FOUND_RENTAL,
    FINISH_PROVISIONAL_RETURN,
    PROCESS_OVERDUE_PAYMENT,
    SWAP_RENTAL,
    ABANDON_SWAP,
    CONCLUDE_RENTAL,
    SEND_RENTAL_REMINDER,
    EXPIRE_RESERVATION,
    END_RETURN_PAUSE,
    MOVE_KEPT_SLOT,
    SWEEP_PROMISES,
    SWEEP_OVERDUE_RENTALS,
    SWEEP_STUCK_RENTALS,
    SCAN_FOR_ANOMALIES,
    PRUNE_LOCATIONS,
    PRUNE_REFUSED_STARTS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("overdue-rentals", job=SWEEP_OVERDUE_RENTALS, cron="* * * * *", timezone="UTC"),
    Schedule("stuck-rentals", job=SWEEP_STUCK_RENTALS, cron="* * * * *", timezone="UTC"),
    Schedule("promises", job=SWEEP_PROMISES, cron="* * * * *", timezone="UTC"),
    Schedule("anomaly-scan", job=SCAN_FOR_ANOMALIES, cron="*/15 * * * *", timezone="UTC"),
    Schedule("prune-locations", job=PRUNE_LOCATIONS, cron="25 3 * * *"),
    Schedule("prune-refused-starts", job=PRUNE_REFUSED_STARTS, cron="35 3 * * *"),
)
