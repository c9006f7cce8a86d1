"""Which of several equal processes works while the others stand by."""

from datetime import timedelta

from sqlalchemy import delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from powerbank.stations.command_models import Lease


def hold(engine: Engine, name: str, *, holder: str, lasts: timedelta) -> bool:
    """Takes the lease, or prolongs it. The database's clock decides: those of hosts differ."""
    made = insert(Lease).values(name=name, holder=holder, until=func.clock_timestamp() + lasts)
    taken = made.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": made.excluded.holder, "until": made.excluded.until},
        where=or_(Lease.holder == holder, Lease.until < func.clock_timestamp()),
    ).returning(Lease.holder)
    with engine.begin() as connection:
        return connection.execute(taken).one_or_none() is not None


def give_up(engine: Engine, name: str, *, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
