"""The hours in which support answers, and the moment until which an answer is promised."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import delete, select, text

from powerbank.base.clock import HOME
from powerbank.base.db import db, open_session
from powerbank.content import app_config
from powerbank.support.models import SupportHoliday, SupportHours

# A promise is looked for in so many days. Who is closed for longer promises nothing before the end of them.
LOOKED_AHEAD = 60


@dataclass(frozen=True)
class Opening:
    """A part of a weekday, Monday being 0."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Holiday:
    day: date
    name: str


@dataclass(frozen=True)
class Timetable:
    openings: Sequence[Opening]
    holidays: Sequence[Holiday]

    def add_minutes(self, start: datetime, minutes: int) -> datetime:
        """Give the moment at which support has been open for so many minutes since `start`."""
        if not self.openings:
            return start + timedelta(minutes=minutes)
        left = timedelta(minutes=minutes)
        for opens, closes in self._intervals(start):
            begins = max(opens, start)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, timedelta(0))
        return start + timedelta(days=LOOKED_AHEAD)

    def is_open(self, moment: datetime) -> bool:
        return not self.openings or any(opens <= moment < closes for opens, closes in self._intervals(moment, days=1))

    def _intervals(self, start: datetime, *, days: int = LOOKED_AHEAD) -> Iterator[tuple[datetime, datetime]]:
        closed = {each.day for each in self.holidays}
        first = start.astimezone(HOME).date()
        for day in (first + timedelta(days=number) for number in range(days)):
            if day in closed:
                continue
            for each in sorted(self.openings, key=lambda opening: opening.opens):
                if each.weekday == day.weekday():
                    opens = datetime.combine(day, each.opens, HOME)
                    closes = datetime.combine(day, each.closes, HOME)
                    if closes > start:
                        yield opens.astimezone(start.tzinfo), closes.astimezone(start.tzinfo)


def read_timetable() -> Timetable:
    openings = db.session.scalars(select(SupportHours).order_by(SupportHours.weekday, SupportHours.opens))
    holidays = db.session.scalars(select(SupportHoliday).order_by(SupportHoliday.day))
    return Timetable(
        [Opening(each.weekday, each.opens, each.closes) for each in openings],
        [Holiday(each.day, each.name) for each in holidays],
    )


def replace_timetable(openings: Iterable[Opening], holidays: Iterable[Holiday]) -> Timetable:
    """Write the hours and holidays anew. Two members who do this at once do it one after the other."""
    session = open_session()
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('support_hours'))"))
    session.execute(delete(SupportHours))
    session.execute(delete(SupportHoliday))
    session.add_all(SupportHours(weekday=each.weekday, opens=each.opens, closes=each.closes) for each in openings)
    session.add_all(SupportHoliday(day=each.day, name=each.name) for each in holidays)
    session.flush()
    return read_timetable()


def describe_now(now: datetime) -> dict[str, object]:
    """Say whether support is open, and until when it answers what is written now."""
    timetable = read_timetable()
    promised = app_config.current().support_first_answer_minutes
    return {"open_now": timetable.is_open(now), "answer_expected_at": timetable.add_minutes(now, promised)}
