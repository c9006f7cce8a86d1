"""Which of several daemons listens while the others stand by, and under which client id."""

import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from powerbank.integrations.mqtt.address import new_client_id
from powerbank.stations.models import BrokerState, Lease

_ENDED_STATES = "ZX"  # of a process that has ended, and that its parent has not yet taken note of


def take_lease(engine: Engine, name: str, *, holder: str, lasts: timedelta) -> bool:
    """Take the lease, or prolong it. The database's clock decides, because the clocks of hosts differ."""
    made = insert(Lease).values(name=name, holder=holder, until=func.clock_timestamp() + lasts)
    taken = made.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": made.excluded.holder, "until": made.excluded.until},
        where=or_(Lease.holder == holder, Lease.until < func.clock_timestamp()),
    ).returning(Lease.holder)
    with engine.begin() as connection:
        return connection.execute(taken).one_or_none() is not None


def take_or_inherit_lease(engine: Engine, name: str, *, holder: str, lasts: timedelta) -> bool:
    """Take the lease, also before it has run out if its holder is a process of this machine that has ended."""
    if take_lease(engine, name, holder=holder, lasts=lasts):
        return True
    with engine.connect() as connection:
        other = connection.execute(select(Lease.holder).where(Lease.name == name)).scalar()
    if other is None or not has_process_ended(other):
        return False
    release_lease(engine, name, holder=other)
    return take_lease(engine, name, holder=holder, lasts=lasts)


def release_lease(engine: Engine, name: str, *, holder: str) -> None:
    """Release the lease if this holder has it."""
    with engine.begin() as connection:
        connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def name_this_process() -> str:
    """Name this process as a holder: by its machine, its number, and when it began.

    The last part tells it from a later process with the same number.
    """
    pid = os.getpid()
    _, began = _read_process(pid) or ("", "")
    return f"{_name_this_machine()} {pid} {began}"


def has_process_ended(holder: str) -> bool:
    """Tell whether that process is known to have ended. Of a process of another machine nothing is known."""
    machine, _, process = holder.rpartition(" ")[0].partition(" ")
    if not machine or machine != _name_this_machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # the process lives, and belongs to another user
    found = _read_process(int(process))
    return found is None or found[0] in _ENDED_STATES or found[1] != holder.rpartition(" ")[2]


def _name_this_machine() -> str:
    """Name this start of this machine, and the container that numbers its processes. Empty outside of Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _read_process(pid: int) -> tuple[str, str] | None:
    """Read the state of a process, and when it began."""
    try:
        # The name of the program, which ends at the last bracket, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]


def find_client_id(engine: Engine) -> str:
    """Find the client id under which the broker keeps messages while no daemon listens.

    It is made up once and is the same for all daemons. Nobody else is told: a station that knew it could take over the
    session, and the messages that wait in it would be lost.
    """
    made = insert(BrokerState).values(daemon_session=new_client_id())
    first = made.on_conflict_do_update(
        index_elements=["single"],
        set_={"daemon_session": made.excluded.daemon_session},
        where=BrokerState.daemon_session.is_(None),
    )
    with engine.begin() as connection:
        connection.execute(first)
        return str(connection.execute(select(BrokerState.daemon_session)).scalar_one())
