"""The jobs of stations: commands, what stations tell, and what people report of them."""

from powerbank.outbox.policy import MINUTE, JobSpec, Queue, Schedule, retry_after, retry_until_done

PROCESS_STATION_ISSUE = JobSpec(
    "process_station_issue",
    body="jobs.stations.process_station_issue",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, MINUTE),
)
SEND_STATION_COMMAND = JobSpec(
    "send_station_command",
    body="jobs.stations.send_station_command",
    queue=Queue.IOT,
    retries=retry_after(5, 15),
    expires=2 * MINUTE,
    stepwise=True,
)
# The question what a station holds is a command like others. Where it came too late, the station is asked again or
# tells by itself, so nobody has to decide about it.
REQUEST_STATION_SNAPSHOT = JobSpec(
    "request_station_snapshot",
    body="jobs.stations.send_station_command",
    queue=Queue.IOT,
    retries=retry_after(5, 15),
    expires=2 * MINUTE,
    missed_when_late=True,
    stepwise=True,
)
# What a command's deadline, or the time for its snapshot, brings.
CHECK_STATION_COMMAND = JobSpec(
    "check_station_command",
    body="jobs.stations.check_station_command",
    queue=Queue.IOT,
    retries=retry_until_done(5),
    alarm=5 * MINUTE,
)
# The daemon's work for gateways that speak HTTP.
UPDATE_STATION_STATUS = JobSpec(
    "update_station_status",
    body="jobs.stations.update_station_status",
    queue=Queue.IOT,
    retries=retry_after(30, 30),
    expires=2 * MINUTE,
)
# A list of power banks that is too long for its request.
REGISTER_POWERBANKS = JobSpec(
    "register_powerbanks",
    body="jobs.stations.register_powerbanks",
    queue=Queue.DEFAULT,
    retries=retry_after(MINUTE, MINUTE),
    stepwise=True,
    on_dead="fail_operation",
)
# What staff want done to many stations at once.
ACT_ON_STATIONS = JobSpec(
    "act_on_stations",
    body="jobs.stations.act_on_stations",
    queue=Queue.DEFAULT,
    retries=retry_after(10, MINUTE),
    stepwise=True,
    on_dead="fail_operation",
)
CHECK_STATION_CONNECTIVITY = JobSpec(
    "check_station_connectivity",
    body="jobs.stations.check_station_connectivity",
    queue=Queue.IOT,
    retries=retry_after(10, 30),
    expires=2 * MINUTE,
)
CHECK_OFFLINE_STATIONS = JobSpec(
    "check_offline_stations",
    body="jobs.stations.check_offline_stations",
    queue=Queue.IOT,
    expires=5 * MINUTE,
    result_ttl=60,
)
PRUNE_STATION_REPORTS = JobSpec(
    "prune_station_reports",
    body="jobs.stations.prune_station_reports",
    queue=Queue.CLEANUP,
    retries=retry_after(5 * MINUTE, 30 * MINUTE),
    stepwise=True,
)

JOBS = (
    PROCESS_STATION_ISSUE,
    SEND_STATION_COMMAND,
    REQUEST_STATION_SNAPSHOT,
    CHECK_STATION_COMMAND,
    UPDATE_STATION_STATUS,
    REGISTER_POWERBANKS,
    ACT_ON_STATIONS,
    CHECK_STATION_CONNECTIVITY,
    CHECK_OFFLINE_STATIONS,
    PRUNE_STATION_REPORTS,
)

SCHEDULES: tuple[Schedule, ...] = (
    Schedule("offline-stations", job=CHECK_OFFLINE_STATIONS, cron="* * * * *", timezone="UTC"),
    Schedule("prune-station-reports", job=PRUNE_STATION_REPORTS, cron="20 3 * * *"),
)
