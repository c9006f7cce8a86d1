"""One host: a root of its own over the common image, and its own processes, network, memory segments and name."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil

from scripts.drills.one_server.machine import DrillError, lay_over

HERE = Path(__file__).parent
# The first process of the namespaces becomes `init.py` within the host's root.
BOOT = """
set -e
root=$1 name=$2
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
hostname "$name"
chroot "$root" install -d -o postgres -g postgres /run/postgresql
rm -f "$root/var/lib/postgresql/drill/postmaster.pid"
exec chroot "$root" /usr/bin/python3 /etc/drill/init.py
"""
STARTS_WITHIN = 30.0


class Host:
    """`namespace` is the network it lives in, the caller's own unless said."""

    def __init__(self, name: str, folder: Path, image: Path, *, namespace: str = "") -> None:
        self.name, self._namespace = name, namespace
        self.root = folder / name / "root"
        self._programs: dict[str, dict[str, Any]] = {}
        self._held: set[str] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._console = folder / name / "console.log"
        lay_over(image, folder / name)
        (self.root / "var/log/drill").mkdir(parents=True)
        (self.root / "var/log/drill").chmod(0o1777)
        self.write("etc/drill/init.py", (HERE / "init.py").read_text())

    def write(self, path: str, text: str, *, owner: str = "") -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        if owner:
            subprocess.run(["chroot", self.root, "chown", f"{owner}:", f"/{path}"], check=True)

    def make_folder(self, path: str, *, owner: str, mode: str = "0750", group: str = "") -> None:
        words = ["install", "-d", "-o", owner, "-g", group or owner, "-m", mode, f"/{path}"]
        subprocess.run(["chroot", self.root, *words], check=True)

    # Its programs

    def add_programs(self, programs: dict[str, dict[str, Any]]) -> None:
        self._programs |= programs
        self._tell()

    def _tell(self) -> None:
        wanted = {name: each for name, each in self._programs.items() if name not in self._held}
        new = self.root / "etc/drill/programs.json.new"
        new.write_text(json.dumps(wanted))
        new.rename(new.with_suffix(""))

    def kill(self, name: str) -> None:
        """Kill what leads the program, as the kernel does when memory is short. It is started again a second later."""
        self.kill_program(self._programs[name]["command"].split()[0])

    def kill_program(self, program: str) -> None:
        for pid in self.find(program):
            os.kill(pid, signal.SIGKILL)

    def hold_down(self, name: str) -> None:
        """Kill it, and start it again only when it is let go."""
        self._held.add(name)
        self._tell()
        self.kill(name)

    def let_go(self, name: str) -> None:
        self._held.discard(name)
        self._tell()

    def find(self, program: str) -> list[int]:
        """Find the processes of a program that are not children of another one of it."""
        found = {each.pid: each for each in self._processes() if self._runs(each, program)}
        return [pid for pid, each in found.items() if each.ppid() not in found]

    def _runs(self, process: psutil.Process, program: str) -> bool:
        try:
            words = " ".join(process.cmdline()).split()  # some servers write one text over all of it
        except psutil.Error:
            return False
        return any(Path(word).name == Path(program).name for word in words[:2])

    def _processes(self) -> list[psutil.Process]:
        if self._process is None:
            return []
        try:
            return list(psutil.Process(self._process.pid).children(recursive=True))
        except psutil.Error:
            return []

    # The host itself

    def boot(self) -> None:
        namespaces = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=SIGKILL", "--"]
        words = ["sh", "-c", BOOT, "boot", str(self.root), self.name]
        network = ["ip", "netns", "exec", self._namespace] if self._namespace else []
        with self._console.open("ab") as console:
            self._process = subprocess.Popen([*network, *namespaces, *words], stdout=console, stderr=console)
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._init():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DrillError(f"host {self.name} does not start: {self._console}")
            time.sleep(0.1)

    def _init(self) -> int:
        """Its first process, once that is `init.py`."""
        for each in self._processes():
            try:
                if each.cmdline()[-1:] == ["/etc/drill/init.py"]:
                    return int(each.pid)
            except psutil.Error:
                continue
        return 0

    def cut_power(self) -> None:
        """End everything on it at once: when the first process of a namespace is killed, all others are."""
        if self._process is None:
            return
        if init := self._init():
            os.kill(init, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait(30)
        self._process = None

    def run(self, *command: str, settings: bool = False) -> str:
        """Run a command on it, with the settings of our programs and as their account if so wanted."""
        words = list(command)
        if settings:
            given = json.loads((self.root / "etc/drill/settings.json").read_text())
            words = [
                *("runuser", "-u", "powerbank", "--", "env", "-C", "/opt/powerbank/current"),
                *(f"{name}={value}" for name, value in given.items()),
                *command,
            ]
        enter = ["nsenter", "-t", str(self._init()), "-m", "-p", "-n", "-i", "-u", "-r", "-w"]
        done = subprocess.run([*enter, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise DrillError(f"{command[0]} on {self.name}: {(done.stderr or done.stdout).strip()[-1200:]}")
        return done.stdout
