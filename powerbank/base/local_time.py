"""The business day. Storage and the API speak UTC; days, quiet hours and schedules are those of the network's home."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

HOME = ZoneInfo("Asia/Kathmandu")


def local_day(moment: datetime) -> date:
    return moment.astimezone(HOME).date()
