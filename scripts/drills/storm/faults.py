"""Everything that the storm breaks. A fault begins, lasts, and is undone; what it does is chosen by the storm's dice.

Processes are ended and frozen by their id. A killed program or server comes back by itself, through its keeper or the
guard, as it would under a service manager. A frozen one keeps its connections and answers nothing.
"""

import contextlib
import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from redis import Redis
from redis.exceptions import RedisError

from scripts.drills.proxy import Proxy
from scripts.drills.storm import wrong_clock
from scripts.drills.storm.gateways import Sandbox
from scripts.drills.storm.network import Network
from scripts.drills.storm.system import System

PROGRAMS = {
    "web": "web.1",
    "worker of critical": "worker_critical.1",
    "worker of iot": "worker_iot.1",
    "worker of the rest": "worker_rest.1",
    "scheduler": "scheduler.1",
    "daemon": "mqtt.1",
    "live": "live.1",
}
SERVERS = {"Redis": "redis", "PostgreSQL": "postgres", "broker": "broker"}
SHORT, LYING, FREEZE, LONG_FREEZE = 6.0, 10.0, 8.0, 45.0  # seconds
WRONG_CLOCK = 65.0  # so that it takes part in a minute of the schedule
# What health says of it within seconds.
SHOWN_AT_ONCE = {"Redis": ("redis",), "PostgreSQL": ("database",), "web": ("silent",)}
GATEWAYS = ("khalti", "esewa", "stripe")
HANG = 6.0  # seconds
# What a station that says nothing costs a rider: the deadline of its command, and the snapshots that then decide.
STATIONS_EXCUSE = 90.0
# What a command costs a rider that got lost on its way to a cabinet, as one of QoS 0 does: it has this long for its
# answer, and nobody sends it again before that.
LOST_COMMANDS_EXCUSE = 30.0
RETRIES_EXCUSE = 60.0  # a vendor that was away is asked again after its job's pause
LIARS = 4
# Each at some stations, for so many seconds. `unreadable_return`, `stuck_slot` and strange banks are not among them:
# they leave cabinets that no longer hold what the registry knows, which staff have to mend.
LIES: dict[str, float | None] = {
    "no_answer": None,
    "refuse": None,
    "false_success": None,
    "silent_eject": None,
    "slow_answer": 40,
    "late_eject": 40,
    "duplicate_return": None,
    "late_return": 20,
    "lost_return": None,
    "provisional_return": 5,
    "failed_self_test": 5,
    "offline": 15,
    "reboot": None,
    "clock_skew": 86_400,
    "malformed": None,
    "flood": 3,
}
HAPPEN_AT_ONCE = ("offline", "reboot", "clock_skew", "malformed", "flood")


@dataclass
class Scene:
    """All that a fault may touch."""

    system: System
    network: Network
    sandbox: Sandbox
    dice: random.Random


@dataclass(frozen=True)
class Begun:
    """A fault that has begun: how it is undone, and the stations that it concerns if it is not all of them."""

    undo: Callable[[], None] = lambda: None
    stations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fault:
    name: str
    kind: str  # kill, wipe, freeze, clock, vendor, station, line
    begin: Callable[[Scene], Begun]
    seconds: float = SHORT
    excuses: float = 0.0  # seconds of silence that it brings with it
    concerns: tuple[str, ...] = ()  # the waits that it can lengthen; all, if none is named
    shows: frozenset[str] = frozenset()  # what health must say while it lasts; such a fault comes alone


def _kill(name: str, scene: Scene) -> Begun:
    scene.system.kill(name)
    return Begun()


def _kill_child(name: str, scene: Scene) -> Begun:
    scene.system.kill_child(name)
    return Begun()


def _wipe(scene: Scene) -> Begun:
    """A Redis that is just being started again has nothing to be wiped."""
    with Redis(port=scene.system.ports.redis, socket_timeout=2) as redis, contextlib.suppress(RedisError):
        redis.flushall()
    return Begun()


def _freeze(names: tuple[str, ...], scene: Scene) -> Begun:
    for name in names:
        scene.system.freeze(name)

    def thaw() -> None:
        for name in names:
            scene.system.thaw(name)

    return Begun(thaw)


def _shift_clock(shift: str, scene: Scene) -> Begun:
    """A host with a wrong clock, on which the scheduler and a worker run."""
    _start_again(scene, prefix=wrong_clock.prefix(shift))
    return Begun(lambda: _start_again(scene, prefix=""))


def _start_again(scene: Scene, *, prefix: str) -> None:
    for title in ("scheduler", "worker of the rest"):
        scene.system.stop(PROGRAMS[title])
        scene.system.start(PROGRAMS[title], prefix=prefix)


def _misbehave(vendors: tuple[str, ...], faults: tuple[str, ...], scene: Scene) -> Begun:
    for vendor in vendors:
        for fault in faults:
            times = scene.dice.randint(1, 3) if fault.startswith("webhook") else None
            scene.sandbox.fault(vendor, fault, times=times, seconds=HANG if fault == "hang_after_success" else None)
    return Begun(scene.sandbox.behave)


def _lie(lie: str, scene: Scene) -> Begun:
    liars = [spec.imei for spec in scene.dice.sample(scene.network.specs, LIARS)]
    for imei in liars:
        station = scene.network.simulator.station(imei)
        station.fault(lie, times=1 if lie in HAPPEN_AT_ONCE else None, seconds=LIES[lie])
    return Begun(scene.network.behave, frozenset(liars))


def _swallow(proxy: str, request: bytes, scene: Scene) -> Begun:
    way: Proxy = getattr(scene.system, proxy)
    way.swallow(request, times=scene.dice.randint(3, 6))
    return Begun(lambda: way.swallow(request, times=0))


def _cut(scene: Scene) -> Begun:
    scene.system.broker.cut()
    return Begun()


def _kills() -> Iterator[Fault]:
    for title, name in (PROGRAMS | SERVERS).items():
        excuses = LOST_COMMANDS_EXCUSE if title == "broker" else 0.0
        yield Fault(f"{title} killed", "kill", partial(_kill, name), excuses=excuses)
    yield Fault("a process of the web killed", "kill", partial(_kill_child, PROGRAMS["web"]))
    yield Fault("Redis wiped", "wipe", _wipe)


def _freezes() -> Iterator[Fault]:
    for title, name in (PROGRAMS | SERVERS).items():
        shown = frozenset(SHOWN_AT_ONCE.get(title, ()))
        yield Fault(f"{title} frozen", "freeze", partial(_freeze, (name,)), FREEZE, FREEZE, shows=shown)
    # Health misses them after 15 s, and their keepers end them after 30 s at the latest.
    silent = tuple(PROGRAMS[title] for title in ("worker of critical", "scheduler", "daemon"))
    shown = frozenset({"no_workers", "no_scheduler", "no_daemon"})
    title = "worker, scheduler and daemon frozen for long"
    yield Fault(title, "freeze", partial(_freeze, silent), LONG_FREEZE, LONG_FREEZE, shows=shown)
    broker = partial(_freeze, (SERVERS["broker"],))
    shown = frozenset({"no_daemon"})
    yield Fault("broker frozen for long", "freeze", broker, LONG_FREEZE, LONG_FREEZE, shows=shown)


def _clocks() -> Iterator[Fault]:
    """None where no library is that tells programs another time."""
    if wrong_clock.library() is None:
        return
    for title, shift in (("a day ahead", "+1d"), ("an hour behind", "-1h")):
        yield Fault(f"scheduler and a worker {title}", "clock", partial(_shift_clock, shift), WRONG_CLOCK)


def _vendors() -> Iterator[Fault]:
    for fault in ("error", "unavailable", "drop", "html", "hang_after_success"):
        begin = partial(_misbehave, GATEWAYS, (fault,))
        yield Fault(f"gateways: {fault}", "vendor", begin, excuses=RETRIES_EXCUSE, concerns=("top-up",))
    webhooks = ("webhooks_doubled", "webhooks_reversed", "webhook_lost", "webhook_forged")
    begin = partial(_misbehave, ("stripe",), webhooks)
    name = "webhooks doubled, reversed, lost, forged"
    yield Fault(name, "vendor", begin, excuses=RETRIES_EXCUSE, concerns=("top-up",))
    for fault in ("error", "hang_after_success"):
        begin = partial(_misbehave, ("sparrow",), (fault,))
        yield Fault(f"SMS: {fault}", "vendor", begin, excuses=RETRIES_EXCUSE, concerns=("code",))


def _stations() -> Iterator[Fault]:
    for lie in LIES:
        begin = partial(_lie, lie)
        yield Fault(f"stations: {lie}", "station", begin, LYING, STATIONS_EXCUSE, concerns=("start", "return"))


def _lines() -> Iterator[Fault]:
    yield Fault("answers of the web lost", "line", partial(_swallow, "web", b"POST /api/"))
    yield Fault("answers of Redis lost", "line", partial(_swallow, "redis", b"EVALSHA"))
    yield Fault("stations' connections cut", "line", _cut, excuses=LOST_COMMANDS_EXCUSE)


def list_faults(*, named: Collection[str] = ()) -> list[Fault]:
    """List all faults, or those with one of these texts in their names."""
    faults = [*_kills(), *_freezes(), *_clocks(), *_vendors(), *_stations(), *_lines()]
    return [fault for fault in faults if not named or any(text in fault.name for text in named)]
