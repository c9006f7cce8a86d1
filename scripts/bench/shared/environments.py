"""A virtual environment for each peer, from its pinned requirements, made once and kept in `.bench/`."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KEPT = ROOT / ".bench"
PINS = Path(__file__).parents[1] / "peers"


def python_of(peer: str) -> Path:
    """The peer's Python, with its packages installed."""
    venv, pins = KEPT / peer, (PINS / f"{peer}.txt").read_text()
    python, stamp = venv / "bin/python", venv / "installed"
    wanted = f"Python {sys.version}\n{pins}"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Making the environment of {peer}.", file=sys.stderr, flush=True)
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*install, "-r", str(PINS / f"{peer}.txt")], check=True)
        stamp.write_text(wanted)
    return python
