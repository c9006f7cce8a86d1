"""The sources of three releases: the last version that was cut, this code, and this code with a mistake in it."""

import re
import shutil
import subprocess
from pathlib import Path

from scripts.drills.one_server.machine import DrillError

ROOT = Path(__file__).parents[3]
OLD, NEW, BROKEN = "0.9.0", "this-code", "this-code-broken"
TAG, CUT = f"v{OLD}", f"release: Call this {OLD}"  # where the last version is: its tag, or its commit's message
# What the release before 0.10 lacks so that this one's units start it.
LENT = ("scripts/program", "deploy/install", "deploy/tmpfiles.d/powerbank.conf")
# The web says that it is ready, and ends: neither the migration nor the start of a program shows this.
MISTAKE = """

def when_ready(server: object) -> None:
    raise RuntimeError("the mistake of the drill")
"""


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=True).stdout


def find_last_cut() -> str:
    """Find the commit of the last version: by its tag, or by its message where a clone has no tags."""
    if _git("tag", "--list", TAG).strip():
        return TAG
    found = _git("log", "--format=%H", f"--grep=^{re.escape(CUT)}", "-1").decode().strip()
    if not found:
        raise DrillError(f"the history has no commit '{CUT} …'; this needs a whole clone")
    return found


def put_sources(root: Path) -> None:
    old, new = root / "root/old", root / "root/new"
    old.mkdir(parents=True)
    subprocess.run(["tar", "-x", "-C", old], input=_git("archive", find_last_cut()), check=True)
    put_new_sources(root)
    for name in LENT:
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(new / name, old / name)


def put_new_sources(root: Path) -> None:
    """Copy this code as it lies here, also what is not committed."""
    new = root / "root/new"
    shutil.rmtree(new, ignore_errors=True)
    for name in _git("ls-files", "-co", "--exclude-standard").decode().splitlines():
        if (ROOT / name).is_file() and not name.startswith(("tests/", "docs/pictures/")):
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, new / name)
    _name(new, NEW)


def _name(release: Path, version: str) -> None:
    settings = release / "config.py"
    settings.write_text(re.sub(r'^VERSION = ".*"', f'VERSION = "{version}"', settings.read_text(), flags=re.MULTILINE))


def put_broken_release(root: Path) -> str:
    """Copy the new release inside the machine, with a web program that ends as soon as it has begun."""
    releases = root / "opt/powerbank/releases"
    shutil.copytree(releases / NEW, releases / BROKEN, symlinks=True)
    for path in [*(releases / BROKEN / ".venv/bin").iterdir(), releases / BROKEN / ".venv/pyvenv.cfg"]:
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            path.write_bytes(content.replace(f"/releases/{NEW}/".encode(), f"/releases/{BROKEN}/".encode()))
    _name(releases / BROKEN, BROKEN)
    with (releases / BROKEN / "deploy/gunicorn.py").open("a") as file:
        file.write(MISTAKE)
    return BROKEN
