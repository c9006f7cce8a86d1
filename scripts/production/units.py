"""The programs of Powerbank on this machine, as systemd runs them, and the release that each runs from."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from scripts.production.errors import ManageError

ROOT = Path("/opt/powerbank")
CURRENT = ROOT / "current"
PREVIOUS = ROOT / "previous"
UNITS = Path("/etc/systemd/system")
# One of these serves; the other takes over from it.
WEBS = ("powerbank@web-a.service", "powerbank@web-b.service")
STAYS_FOR = 5.0  # seconds in which a new web program must not end before the old one does
# Workers first, as jobs wait for nobody; those whom others wait for follow. The web comes after all of them.
ORDER = ("worker_", "scheduler", "mqtt", "live")


@dataclass(frozen=True)
class Program:
    unit: str
    state: str  # active, activating, failed …
    pid: int
    restarts: int

    @property
    def name(self) -> str:
        return self.unit.removeprefix("powerbank@").removesuffix(".service")

    def has_ended_again_since(self, before: "Program") -> bool:
        """Say whether it ended more than once by itself. Once may be a moment without the database."""
        return self.restarts > before.restarts + 1

    @property
    def release(self) -> Path | None:
        """The folder from which it runs, whatever `current` has led to since."""
        try:
            return Path(f"/proc/{self.pid}/cwd").readlink() if self.pid else None
        except OSError:
            return None


def has_systemd() -> bool:
    return Path("/run/systemd/system").is_dir()


def systemctl(*words: str, check: bool = True) -> str:
    if not has_systemd():
        raise ManageError("This machine has no systemd; only the commands about backups and keys work without it.")
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise ManageError(f"systemctl {' '.join(words)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def find_programs() -> list[Program]:
    """List the programs that systemd runs or tries to run."""
    listed = systemctl("list-units", "--all", "--plain", "--no-legend", "powerbank@*.service")
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    return [each for name in names if (each := read_program(name)).state != "inactive"]


def read_program(unit: str) -> Program:
    said = systemctl("show", unit, "--property=ActiveState,MainPID,NRestarts")
    values = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    return Program(unit, values["ActiveState"], int(values["MainPID"]), int(values.get("NRestarts") or 0))


def parent_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return 0


def in_order(programs: Iterable[Program]) -> list[Program]:
    def place(program: Program) -> tuple[int, str]:
        places = [number for number, name in enumerate(ORDER) if program.name.startswith(name)]
        return (places[0] if places else len(ORDER), program.unit)

    return sorted((each for each in programs if each.unit not in WEBS), key=place)


def stand_in_of(program: Program) -> str:
    """Name the unit that works in this program's place while it is started anew."""
    return f"powerbank@{program.name.partition('-')[0]}-standin.service"


def restart(program: Program, *, within: float) -> bool:
    """Start a program anew and wait until it runs. False: it is still busy with a long job, after which it starts anew
    by itself."""
    systemctl("restart", "--no-block", program.unit)
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        now = read_program(program.unit)
        if now.state == "active" and now.pid not in (0, program.pid):
            return True
        if now.state == "failed":
            return False
        time.sleep(0.2)
    return False


def hand_over_web(wait_until_at_work: Callable[[str], None]) -> None:
    """Let the other web program take over. Both accept from one socket for a moment, so that nobody is refused."""
    serving = [each for each in map(read_program, WEBS) if each.state in ("active", "activating", "reloading")]
    if len(serving) == len(WEBS):  # an upgrade was interrupted between the two
        systemctl("stop", serving.pop().unit)
    next_one = next(unit for unit in WEBS if unit not in {each.unit for each in serving})
    try:
        systemctl("start", next_one)  # returns when it says that it is ready
        wait_until_at_work(next_one)
        _watch_stay(next_one)
    except ManageError:
        systemctl("stop", next_one, check=False)
        raise
    for each in serving:
        systemctl("stop", each.unit)


def start_what_is_new() -> None:
    """Start what the target wants and does not run yet, but for the web: one of its two programs has just stopped."""
    wanted = systemctl("show", "powerbank.target", "--property=Wants", "--value").split()
    systemctl("start", "--no-block", *(unit for unit in wanted if unit not in WEBS))


def _watch_stay(unit: str) -> None:
    """Refuse a program that ends soon after it has said that it is ready."""
    first = read_program(unit)
    deadline = time.monotonic() + STAYS_FOR
    while time.monotonic() < deadline:
        now = read_program(unit)
        if (now.state, now.pid) != ("active", first.pid):
            raise ManageError(f"{now.name} ends as soon as it has begun: journalctl -u {unit}")
        time.sleep(0.2)


def install_units(release: Path) -> None:
    """Put the release's units in their place; what an operator changed stands in drop-ins, which stay."""
    if (release / "deploy/systemd/powerbank.target").exists():  # those of 0.9.0 had other names
        shutil.copytree(release / "deploy/systemd", UNITS, dirs_exist_ok=True)
        systemctl("daemon-reload")


def lead_to(release: Path, link: Path = CURRENT) -> None:
    """Let the link lead to this release, from one moment to the next."""
    aside = link.with_name(f".{link.name}.new")
    aside.unlink(missing_ok=True)
    aside.symlink_to(release)
    aside.replace(link)


def procfile_names(release: Path) -> set[str]:
    return set(re.findall(r"^(\w+):", (release / "Procfile").read_text(), re.MULTILINE))
