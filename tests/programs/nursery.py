"""Imports the product once and forks a program for each order in JSON, or tells how one ended. Orders come over the
socket on which it was told to listen; it ends with its standard input.

A fresh Python needs two seconds to import everything, a fork needs none. Nothing of the product is connected before the
fork. Each program leads a process group of its own, and all end with this process.
"""

import ctypes
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.orm import configure_mappers

sys.path.insert(0, str(Path(__file__).parents[2]))

import jobs
import powerbank
from powerbank import freeze_loaded_objects
from scripts import live, mqtt_daemon
from tests.programs import daemon, dying_sender, mortal, scheduler, setting, worker

PROGRAMS = {
    "worker": worker.main,
    "scheduler": scheduler.main,
    "daemon": daemon.main,
    "shipped daemon": mqtt_daemon.main,
    "live": live.main,
    "mortal": mortal.main,
    "dying sender": dying_sender.main,
}
PR_SET_PDEATHSIG = 1


def main() -> None:
    import_everything()
    freeze_loaded_objects()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setting.sample_jobs.register()
    with socket.socket(fileno=int(sys.argv[1])) as listening:
        serve(listening)


def serve(listening: socket.socket) -> None:
    asking: list[socket.socket] = []
    while True:
        ready = select.select([sys.stdin, listening, *asking], [], [])[0]
        if sys.stdin in ready:
            return
        if listening in ready:
            asking.append(listening.accept()[0])
        for connection in set(ready) - {listening}:
            if asked := connection.recv(1 << 20):
                connection.send(str(obey(json.loads(asked), open_here=[listening, *asking])).encode())
            else:
                asking.remove(connection)
                connection.close()


def obey(order: dict[str, Any], *, open_here: list[socket.socket]) -> int:
    if "ended" in order:
        return os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1])
    pid = os.fork()
    if pid == 0:
        for each in open_here:
            each.close()
        become(order)
    return pid


def import_everything() -> None:
    """An application imports its domains as it is put together, which would be in each fork."""
    for package in (powerbank, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    configure_mappers()


def become(order: dict[str, Any]) -> None:
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["program"], *order["arguments"]]
    code = 1
    try:
        code = PROGRAMS[order["program"]]() or 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
