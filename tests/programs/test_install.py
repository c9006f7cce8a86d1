"""`.venv` is made anew also for somebody who has activated it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_python_that_makes_the_venv_is_not_that_of_a_venv(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    ask = f"import runpy; print(runpy.run_path({str(ROOT / 'scripts/install.py')!r})['PYTHON'])"
    asked = [tmp_path / "venv/bin/python3", "-I", "-c", ask]
    chosen = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(chosen).is_file()
    assert not chosen.startswith((str(tmp_path), str(ROOT)))
