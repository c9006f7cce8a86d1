"""A Debian with systemd in a folder: debootstrap makes it, systemd-nspawn starts it with a network of its own."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

SUITE = "bookworm"
INCLUDED = "systemd,systemd-sysv,dbus,ca-certificates,python3"
ENVIRONMENT = ("HOME=/root", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "PIP_DISABLE_PIP_VERSION_CHECK=1")
HALT = signal.SIGRTMIN + 4  # what systemd as the first process takes for "power off"
TOOLS = ("debootstrap", "systemd-nspawn", "nsenter", "runuser", "mount")


class DrillError(Exception):
    """What stops the drill."""


def find_missing(*, also: tuple[str, ...] = ()) -> list[str]:
    missing = [name for name in (*TOOLS, *also) if shutil.which(name) is None]
    return missing if os.geteuid() == 0 else [*missing, "root"]


def make_base(folder: Path, log: IO[str]) -> Path:
    """Make the bare Debian once; later drills copy it."""
    base = folder / "base"
    if not (base / "complete").exists():
        shutil.rmtree(base, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", f"--include={INCLUDED}", SUITE, str(base)]
        if subprocess.run(command, stdout=log, stderr=log, check=False).returncode:
            raise DrillError(f"debootstrap failed; {log.name} tells why")
        _trust_what_this_machine_trusts(base)
        (base / "complete").touch()
    return base


def lay_over(base: Path, folder: Path, *, keep: bool = False) -> Path:
    """Make a root that begins as `base`, which stays as it is: what changes lies in a folder of its own, and is
    forgotten at the next time unless it is to be kept. The mount ends with the mount namespace of this process."""
    root, changes, work = (folder / name for name in ("root", "changes", "work"))
    if folder.exists() and not keep:
        subprocess.run(["rm", "-rf", folder], check=True)
    for each in (root, changes, work):
        each.mkdir(parents=True, exist_ok=True)
    layers = f"lowerdir={base},upperdir={changes},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, root], check=True)
    return root


def _trust_what_this_machine_trusts(root: Path) -> None:
    """Packages may come through a proxy of this machine's, with a certificate and an apt of its own."""
    for path in (Path("/etc/ssl/certs/ca-certificates.crt"), *Path("/etc/apt/apt.conf.d").glob("99*")):
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


class Machine:
    def __init__(self, root: Path, log: IO[str]) -> None:
        self.root, self.log = root, log
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._init = 0

    def prepare(self, *command: str) -> None:
        """Run what downloads something, below the folder while it is no machine yet, with this machine's network."""
        # No package starts its service: systemd does not run yet.
        policy = self.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        cache = Path.home() / ".cache/pip"
        cache.mkdir(parents=True, exist_ok=True)
        settings = [*ENVIRONMENT, "PIP_CERT=/etc/ssl/certs/ca-certificates.crt", "PIP_DEFAULT_TIMEOUT=180"]
        inside = [
            *("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--resolv-conf=copy-host", "--as-pid2"),
            *("-D", str(self.root), f"--bind={cache}:/root/.cache/pip", *(f"--setenv={each}" for each in settings)),
        ]
        done = subprocess.run([*inside, *command], stdout=self.log, stderr=self.log, check=False)
        policy.unlink()
        if done.returncode:
            raise DrillError(f"{' '.join(command)} failed; {self.log.name} tells why")

    def boot(self) -> None:
        command = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network", "-b", "-D"]
        self._nspawn = subprocess.Popen([*command, str(self.root)], stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self._nspawn.poll() is not None:
                raise DrillError(f"systemd-nspawn ended at once; {self.log.name} tells why")
            if self._find_init() and self.run("systemctl", "is-system-running", check=False).stdout.strip() in (
                "running",
                "degraded",
            ):
                return
            time.sleep(0.5)
        raise DrillError("systemd did not start within two minutes")

    def _find_init(self) -> bool:
        """The only child of systemd-nspawn that has a network other than ours is the machine's first process."""
        assert self._nspawn is not None  # noqa: S101
        for path in Path(f"/proc/{self._nspawn.pid}/task").glob("*/children"):
            for pid in path.read_text().split():
                if Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink():
                    self._init = int(pid)
        return bool(self._init)

    def command(self, *command: str) -> list[str]:
        enter = ("nsenter", "-t", str(self._init), "-m", "-u", "-i", "-p", "-n", "-r", "-w")
        return [*enter, "env", "-i", *ENVIRONMENT, *command]

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(self.command(*command), capture_output=True, text=True, check=False)
        self.log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}")
        self.log.flush()
        if check and done.returncode:
            raise DrillError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-600:]}")
        return done

    def stop(self) -> None:
        if self._nspawn is None:
            return
        if self._init and self._nspawn.poll() is None:
            os.kill(self._init, HALT)
        try:
            self._nspawn.wait(60)
        except subprocess.TimeoutExpired:
            self._nspawn.terminate()
            self._nspawn.wait(30)
