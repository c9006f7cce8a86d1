"""The kinds of values that the configuration has: amounts, percents, hours of the day."""

from datetime import time
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from powerbank.base import money


class Hours(NamedTuple):
    """A part of the day. It spans midnight if it ends before it begins."""

    begin: time
    end: time


def _paisa(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write an amount as text, "150.00"')  # noqa: TRY004 (pydantic wants this one)
    return money.parse_amount(value)


def _hours(value: object) -> object:
    begin, dash, end = str(value).partition("-")
    if not dash:
        raise ValueError('write hours as "22:00-07:00"')
    try:
        return Hours(time.fromisoformat(begin), time.fromisoformat(end))
    except ValueError:
        raise ValueError('write hours as "22:00-07:00"') from None


def _not_the_same(hours: Hours) -> Hours:
    if hours.begin == hours.end:
        raise ValueError("must not begin when they end")
    return hours


def _one_line(written: str) -> str:
    if not written.isprintable():
        raise ValueError("write one line of plain text")
    return written


Line = Annotated[str, Field(max_length=100), AfterValidator(_one_line)]
Paisa = Annotated[int, Field(ge=0, le=money.MOST), BeforeValidator(_paisa), PlainSerializer(money.format_amount)]
Percent = Annotated[int, Field(ge=0, le=100)]
Points = Annotated[int, Field(ge=0, le=1_000_000)]
DayHours = Annotated[
    Hours,
    BeforeValidator(_hours),
    AfterValidator(_not_the_same),
    PlainSerializer(lambda hours: f"{hours.begin:%H:%M}-{hours.end:%H:%M}"),
]
