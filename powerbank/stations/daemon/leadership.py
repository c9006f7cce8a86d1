"""Which of several equal processes works while the others stand by."""

import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from powerbank.integrations.mqtt.address import new_client_id
from powerbank.stations.models import BrokerState, Lease

_ENDED_STATES = "ZX"  # states of a process that has ended and is only not yet forgotten


def take_lease(engine: Engine, name: str, *, holder: str, lasts: timedelta) -> bool:
    """Takes the lease, or prolongs it. The database's clock decides: those of hosts differ."""
    made = insert(Lease).values(name=name, holder=holder, until=func.clock_timestamp() + lasts)
    taken = made.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": made.excluded.holder, "until": made.excluded.until},
        where=or_(Lease.holder == holder, Lease.until < func.clock_timestamp()),
    ).returning(Lease.holder)
    with engine.begin() as connection:
        return connection.execute(taken).one_or_none() is not None


def take_or_inherit_lease(engine: Engine, name: str, *, holder: str, lasts: timedelta) -> bool:
    """The same, without waiting for the end of a lease whose holder is a process of this machine that has ended."""
    if take_lease(engine, name, holder=holder, lasts=lasts):
        return True
    with engine.connect() as connection:
        other = connection.execute(select(Lease.holder).where(Lease.name == name)).scalar()
    if other is None or not has_process_ended(other):
        return False
    release_lease(engine, name, holder=other)
    return take_lease(engine, name, holder=holder, lasts=lasts)


def release_lease(engine: Engine, name: str, *, holder: str) -> None:
    with engine.begin() as connection:
        connection.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))


def name_this_process() -> str:
    """The name of a holder: machine, process id and when the process began, so that another process with the same
    number is told from it."""
    pid = os.getpid()
    _, began = _read_process(pid) or ("", "")
    return f"{_name_this_machine()} {pid} {began}"


def has_process_ended(holder: str) -> bool:
    """Whether that process is known to have ended. Of another machine, nothing is known."""
    machine, _, process = holder.rpartition(" ")[0].partition(" ")
    if not machine or machine != _name_this_machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it lives, and is somebody else's
    found = _read_process(int(process))
    return found is None or found[0] in _ENDED_STATES or found[1] != holder.rpartition(" ")[2]


def _name_this_machine() -> str:
    """This start of this machine, and what counts its processes: each container counts its own. Empty where that
    cannot be told, as outside of Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _read_process(pid: int) -> tuple[str, str] | None:
    """Its state, and when it began."""
    try:
        # The name before the last bracket may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]


def find_client_id(engine: Engine) -> str:
    made = insert(BrokerState).values(daemon_session=new_client_id())
    first = made.on_conflict_do_update(
        index_elements=["single"],
        set_={"daemon_session": made.excluded.daemon_session},
        where=BrokerState.daemon_session.is_(None),
    )
    with engine.begin() as connection:
        connection.execute(first)
        return str(connection.execute(select(BrokerState.daemon_session)).scalar_one())
