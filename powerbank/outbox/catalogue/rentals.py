"""The part of the catalogue that carries rentals: its jobs and its schedule."""

from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule, Unique

PROCESS_RENTAL_INITIATION = JobSpec(
    "process_rental_initiation",
    "jobs.rentals.process_rental_initiation",
    Queue.CRITICAL,
    Retries((5, 15, 30)),
    expires=180,
    on_dead="abandon_rental_initiation",
)
ABANDON_RENTAL_INITIATION = JobSpec(
    "abandon_rental_initiation",
    "jobs.rentals.abandon_rental_initiation",
    Queue.CRITICAL,
    Retries((5,), until_done=True),
    alarm=300,
)
SETTLE_EJECTION = JobSpec(
    "settle_ejection", "jobs.rentals.settle_ejection", Queue.IOT, Retries((2, 5, 15), until_done=True), alarm=300
)
UNDO_EJECTION = JobSpec(
    "undo_ejection", "jobs.rentals.undo_ejection", Queue.CRITICAL, Retries((2, 5, 15), until_done=True), alarm=300
)
PROCESS_RENTAL_RETURN = JobSpec(
    "process_rental_return",
    "jobs.rentals.process_rental_return",
    Queue.CRITICAL,
    Retries((2, 10, 60), until_done=True),
    alarm=300,
)
FINISH_PROVISIONAL_RETURN = JobSpec(
    "finish_provisional_return",
    "jobs.rentals.finish_provisional_return",
    Queue.CRITICAL,
    Retries((5, 60), until_done=True),
    alarm=300,
)
PROCESS_OVERDUE_PAYMENT = JobSpec(
    "process_overdue_payment",
    "jobs.rentals.process_overdue_payment",
    Queue.PAYMENTS,
    Retries((60,), until_done=True),
    alarm=3600,
)
SWAP_RENTAL = JobSpec(
    "swap_rental",
    "jobs.rentals.swap_rental",
    Queue.CRITICAL,
    Retries((5, 15, 30)),
    expires=180,
    on_dead="abandon_swap",
)
ABANDON_SWAP = JobSpec(
    "abandon_swap", "jobs.rentals.abandon_swap", Queue.CRITICAL, Retries((5,), until_done=True), alarm=300
)
CONCLUDE_RENTAL = JobSpec(
    "conclude_rental", "jobs.rentals.conclude_rental", Queue.DEFAULT, Retries((30, 60), until_done=True), alarm=3600
)
SEND_RENTAL_REMINDER = JobSpec(
    "send_rental_reminder", "jobs.rentals.send_rental_reminder", Queue.NOTIFICATIONS, Retries((120, 120))
)
SWEEP_OVERDUE_RENTALS = JobSpec(
    "sweep_overdue_rentals",
    "jobs.rentals.sweep_overdue_rentals",
    Queue.IOT,
    expires=300,
    stepwise=True,
    result_ttl=60,
)
SWEEP_STUCK_RENTALS = JobSpec(
    "sweep_stuck_rentals",
    "jobs.rentals.sweep_stuck_rentals",
    Queue.IOT,
    expires=300,
    stepwise=True,
    result_ttl=60,
    unique=Unique.WHILE_OPEN,
)
SCAN_FOR_ANOMALIES = JobSpec(
    "scan_for_anomalies", "jobs.rentals.scan_for_anomalies", Queue.ANALYTICS, Retries((60,)), expires=900
)
PRUNE_LOCATIONS = JobSpec("prune_locations", "jobs.rentals.prune_locations", Queue.CLEANUP, Retries((300, 1800)))

RENTAL_SCHEDULES: tuple[Schedule, ...] = (
    Schedule("overdue-rentals", SWEEP_OVERDUE_RENTALS, "* * * * *", "UTC"),
    Schedule("stuck-rentals", SWEEP_STUCK_RENTALS, "* * * * *", "UTC"),
    Schedule("anomaly-scan", SCAN_FOR_ANOMALIES, "*/15 * * * *", "UTC"),
    Schedule("prune-locations", PRUNE_LOCATIONS, "25 3 * * *"),
)
