"""The quiet hours: the part of the night in which nobody is woken."""

from datetime import UTC, datetime, timedelta, tzinfo

from powerbank.base.clock import HOME
from powerbank.content import app_config
from powerbank.content.config_values import Hours


def end_of_night(now: datetime) -> datetime | None:
    """Return when the quiet hours of this network are over, or None outside of them."""
    return end_of_quiet_hours(app_config.current().quiet_hours, now, HOME)


def end_of_quiet_hours(hours: Hours, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when these hours are over in a time zone, or None outside of them. They may span midnight."""
    local = now.astimezone(zone)
    clock = local.time()
    evening, morning = clock >= hours.begin, clock < hours.end
    over_midnight = hours.end < hours.begin
    if not (evening or morning if over_midnight else evening and morning):
        return None
    day = local.date() + timedelta(days=over_midnight and evening)
    return datetime.combine(day, hours.end, tzinfo=zone).astimezone(UTC)
