"""Files and folders that are nobody else's business."""

import os
import shutil
from pathlib import Path

from scripts.stack.errors import StackError

# Nobody else may list it; root's PostgreSQL, which runs as another account, may pass through.
DATA_FOLDER_MODE = 0o711 if os.geteuid() == 0 else 0o700


# A database, its log and a broker's store, when new.
NEEDED_MB = 150

# Says that a folder is ours. Without it nothing is written into a folder that is not empty, nor wiped.
MARKER = ".powerbank-data"


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Make it with exactly this mode, whatever the umask; one that is there stays as it is."""
    if not folder.exists():
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
        folder.chmod(mode)


def make_data_folder(folder: Path) -> None:
    try:
        make_folder(folder, DATA_FOLDER_MODE)
    except OSError as problem:
        raise StackError(f"{folder} cannot be used as data folder: {problem.strerror}.") from None


def claim_data_folder(folder: Path) -> None:
    """Make it ours, or refuse: what somebody else keeps there could be taken for ours, and wiped."""
    make_data_folder(folder)
    free = shutil.disk_usage(folder).free // 2**20
    if free < NEEDED_MB:
        raise StackError(f"{folder} has {free} MB left on its disk; a start needs {NEEDED_MB}.")
    try:
        if not (folder / MARKER).exists() and any(folder.iterdir()):
            raise StackError(f"{folder} holds something that is not Powerbank's; choose another --data.")
        (folder / MARKER).touch(mode=0o600)
    except OSError as problem:
        raise StackError(f"{folder} cannot be used as data folder: {problem.strerror}.") from None


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, as a server may read it at any moment; its owner's from the first byte."""
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    aside.touch(mode=0o600)
    aside.write_text(text)
    aside.replace(path)
