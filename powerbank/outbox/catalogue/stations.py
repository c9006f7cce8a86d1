"""The part of the catalogue that carries stations: commands, what they report, and what people report of them."""

from powerbank.outbox.policy import JobSpec, Queue, Retries, Schedule

PROCESS_STATION_ISSUE = JobSpec(
    "process_station_issue", "jobs.stations.process_station_issue", Queue.DEFAULT, Retries((60, 60))
)

SEND_STATION_COMMAND = JobSpec(
    "send_station_command",
    "jobs.stations.send_station_command",
    Queue.IOT,
    Retries((5, 15)),
    expires=120,
    stepwise=True,
)
# What a command's deadline, or the time for its snapshot, brings.
CHECK_STATION_COMMAND = JobSpec(
    "check_station_command",
    "jobs.stations.check_station_command",
    Queue.IOT,
    Retries((5,), until_done=True),
    alarm=300,
)
# The daemon's work for gateways that speak HTTP.
UPDATE_STATION_STATUS = JobSpec(
    "update_station_status", "jobs.stations.update_station_status", Queue.IOT, Retries((30, 30)), expires=120
)
# A list of power banks that is too long for its request.
REGISTER_POWERBANKS = JobSpec(
    "register_powerbanks",
    "jobs.stations.register_powerbanks",
    Queue.DEFAULT,
    Retries((60, 60)),
    stepwise=True,
    on_dead="fail_operation",
)
CHECK_STATION_CONNECTIVITY = JobSpec(
    "check_station_connectivity", "jobs.stations.check_station_connectivity", Queue.IOT, Retries((10, 30)), expires=120
)
CHECK_OFFLINE_STATIONS = JobSpec(
    "check_offline_stations", "jobs.stations.check_offline_stations", Queue.IOT, expires=300, result_ttl=60
)
PRUNE_STATION_REPORTS = JobSpec(
    "prune_station_reports", "jobs.stations.prune_station_reports", Queue.CLEANUP, Retries((300, 1800)), stepwise=True
)

STATION_SCHEDULES: tuple[Schedule, ...] = (
    Schedule("offline-stations", CHECK_OFFLINE_STATIONS, "* * * * *", "UTC"),
    Schedule("prune-station-reports", PRUNE_STATION_REPORTS, "20 3 * * *"),
)
