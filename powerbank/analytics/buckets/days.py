"""Hours and days as the figures count them: those of the network's home."""

from datetime import date, datetime, time, timedelta

from powerbank.base.clock import HOME

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
HOURS_KEPT = timedelta(days=100)  # of single stations; the hours of the whole network stay
RAW_KEPT = timedelta(days=85)  # some days less than the rows that are deleted after three months
# Identifiers are times by the clock of whoever made them, some moments before the row was written.
NEAR = timedelta(minutes=10)


def day_begins(day: date) -> datetime:
    return datetime.combine(day, time(), HOME)


def monday_of(day: date) -> date:
    return day - DAY * day.weekday()
