"""The first process of a host: starts its programs, and each one again that ends. Runs with Debian's own Python."""

import json
import os
import pwd
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import Any

FOLDER = Path("/etc/drill")
PAUSE = 1.0
ACCOUNTS = Path("/etc/mosquitto/powerbank")


def start(name: str, program: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    log = os.open(f"/var/log/drill/{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.setsid()
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108 (own root)
    if program.get("settings"):
        environment |= json.loads((FOLDER / "settings.json").read_text())
    account = pwd.getpwnam(program["user"])
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.chdir(program.get("folder", "/"))
    words = shlex.split(program["command"])
    try:
        os.execvpe(words[0], words, environment)  # noqa: S606 (the drill's own words)
    finally:
        os._exit(127)


def main() -> None:
    running: dict[int, str] = {}
    earliest: dict[str, float] = {}
    read_at = 0.0
    while True:
        programs = json.loads((FOLDER / "programs.json").read_text())
        for name, program in programs.items():
            after = program.get("after")
            due = time.monotonic() >= earliest.get(name, 0.0) and (not after or Path(after).exists())
            if name not in running.values() and due:
                running[start(name, program)] = name
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            if name := running.pop(pid, ""):
                earliest[name] = time.monotonic() + PAUSE
        # A broker reads its accounts again when they were written.
        written = max((path.stat().st_mtime for path in ACCOUNTS.glob("mosquitto.*")), default=0.0)
        if written > read_at:
            read_at = written
            for pid, name in running.items():
                if name == "mosquitto":
                    os.kill(pid, signal.SIGHUP)
        time.sleep(0.2)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    main()
