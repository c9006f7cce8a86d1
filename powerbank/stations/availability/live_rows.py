"""Make the live rows: what the app reads of stations, from the registry, the slots and the power banks.

`online`, `last_seen` and `firmware` come from the station itself and stay as they are. The views `rentable_banks` and
`free_slots` tell which banks may be handed out and which slots are free; `refresh_station_live` counts them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import before_commit, open_session
from powerbank.content import app_config
from powerbank.live import changes
from powerbank.stations.messages.arrays import format_array

_THESE = text("""
    SELECT refresh_station_live(CAST(:ids AS uuid[]), :min_battery),
           ARRAY(SELECT sn FROM stations WHERE id = ANY(CAST(:ids AS uuid[])))
""")
_NUMBERS = text("SELECT sn FROM station_live WHERE station_id = ANY(CAST(:ids AS uuid[]))")
_react: Callable[[Collection[str]], None] | None = None
_ALL = text("SELECT refresh_station_live(ARRAY(SELECT id FROM stations), :min_battery)")


@contextmanager
def delay_refresh() -> Iterator[None]:
    """Let several changes of a station refresh its live row only once, when the block ends."""
    session = open_session()
    if "live_waiting" in session.info:  # an outer block refreshes them when it ends
        yield
        return
    waiting = session.info["live_waiting"] = set[UUID]()
    try:
        yield
    finally:
        del session.info["live_waiting"]
    refresh_live_rows(waiting)


def refresh_live_rows(station_ids: Collection[UUID] | None) -> None:
    """Make the live rows of these stations again, or of all stations."""
    if station_ids is not None and not station_ids:
        return
    waiting: set[UUID] | None = open_session().info.get("live_waiting")
    if waiting is not None and station_ids is not None:
        waiting.update(station_ids)
        return
    session = open_session()
    session.flush()
    rules = {"min_battery": app_config.current().min_eject_battery}
    if station_ids is None:
        session.execute(_ALL, rules)
        changes.announce("stations", kind="station", id=None)
        return
    _, numbers = session.execute(_THESE, rules | {"ids": format_array(station_ids)}).one()
    announce_stations(numbers)


def announce_stations(numbers: Iterable[str]) -> None:
    """Tell who looks at one of these stations, or at all of them, that it is not as it was."""
    changed = list(numbers)
    for sn in changed:
        changes.announce(f"station:{sn}", "stations", kind="station", id=sn)
    if changed and _react is not None:
        _gathered_stations().sns.update(changed)


def register_reaction(react: Callable[[Collection[str]], None]) -> None:
    """Say what else follows, in the same transaction, when stations are not as they were."""
    global _react  # noqa: PLW0603 (the wiring sets it once)
    _react = react


class _ChangedStations:
    """The stations that one transaction has changed. At its end the reaction hears of all of them at once."""

    def __init__(self) -> None:
        self.sns: set[str] = set()

    def __call__(self) -> None:
        if _react is not None:
            _react(self.sns)


def _gathered_stations() -> _ChangedStations:
    callbacks = open_session().info["before_commit"]
    for each in callbacks:
        if isinstance(each, _ChangedStations):
            return each
    gathered = _ChangedStations()
    before_commit(gathered)
    return gathered


def find_station_numbers(station_ids: Collection[UUID]) -> list[str]:
    return list(open_session().scalars(_NUMBERS, {"ids": format_array(station_ids)}))
