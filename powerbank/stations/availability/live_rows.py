"""The live rows: what the app reads of stations, made from the registry, the slots and the banks.

`online`, `last_seen` and `firmware` come from the station itself and stay as they are. Which banks may be handed out,
and which slots are free, the views `rentable_banks` and `free_slots` tell; `refresh_station_live` counts them.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from powerbank.base.db import open_session
from powerbank.content import app_config
from powerbank.stations.messages.arrays import format_array

_THESE = text("SELECT refresh_station_live(CAST(:ids AS uuid[]), :min_battery)")
_ALL = text("SELECT refresh_station_live(ARRAY(SELECT id FROM stations), :min_battery)")


@contextmanager
def delay_refresh() -> Iterator[None]:
    """Several changes of a station, and its live row made once, at the end of them."""
    session = open_session()
    if "live_waiting" in session.info:  # somebody around us waits for its own end
        yield
        return
    waiting = session.info["live_waiting"] = set[UUID]()
    try:
        yield
    finally:
        del session.info["live_waiting"]
    refresh_live_rows(waiting)


def refresh_live_rows(station_ids: Collection[UUID] | None) -> None:
    """Makes the live rows of these stations again, or of all."""
    if station_ids is not None and not station_ids:
        return
    waiting: set[UUID] | None = open_session().info.get("live_waiting")
    if waiting is not None and station_ids is not None:
        waiting.update(station_ids)
        return
    session = open_session()
    session.flush()
    these = {} if station_ids is None else {"ids": format_array(station_ids)}
    rules = {"min_battery": app_config.current().min_eject_battery}
    session.execute(_ALL if station_ids is None else _THESE, these | rules)
