"""What `deploy/` says is what the programs that read it understand, and covers every program of the Procfile."""

import re
import subprocess
from pathlib import Path

import pytest

from scripts.production import deployment_checks
from scripts.production.deployment_checks import CHECKS, BadConfigurationError, Check

ROOT = Path(__file__).parents[2]
SYSTEMD = ROOT / "deploy/systemd"
PROGRAMS = re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_programs_accept_their_configuration(check: Check, tmp_path: Path) -> None:
    program = check.find_program()
    if program is None:
        pytest.skip(f"{check.program} is not on this machine")
    check.run(program, tmp_path)


def test_a_unit_that_may_do_too_much_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = next(each for each in CHECKS if each.run is deployment_checks.judge_units)
    program = check.find_program()
    if program is None:
        pytest.skip(f"{check.program} is not on this machine")
    monkeypatch.setattr(deployment_checks, "MOST_EXPOSED", 1)
    with pytest.raises(BadConfigurationError, match="exposure level"):
        check.run(program, tmp_path)


def test_the_target_starts_each_program_once() -> None:
    wanted = re.findall(r"powerbank@([\w-]+)\.service", (SYSTEMD / "powerbank.target").read_text())
    assert sorted(name.removesuffix("-a") for name in wanted) == sorted(PROGRAMS)


def test_both_web_programs_take_the_same_socket() -> None:
    one, other = (SYSTEMD / f"powerbank@web-{each}.service.d/socket.conf" for each in "ab")
    assert one.read_text() == other.read_text()


def test_a_program_is_started_by_its_name_in_the_procfile(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts/program"
    script.write_text((ROOT / "scripts/program").read_text())
    script.chmod(0o755)
    (tmp_path / "Procfile").write_text("web: printf %s web\nworker_iot: printf %s-%s iot notifications\n")

    def start(name: str) -> tuple[int, str]:
        done = subprocess.run([script, name], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout or done.stderr.strip()

    assert start("worker_iot") == start("worker_iot-2") == (0, "iot-notifications")
    assert start("web-b") == (0, "web")
    assert start("mqtt") == (2, "The Procfile has no program mqtt.")
