"""The drill of three hosts: its parts, and all of it where it is asked for."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import config
from scripts.drills.one_server import machine
from scripts.drills.storm.journal import Answer, FaultPeriod, Journal
from scripts.drills.three_hosts import configuration, results
from scripts.drills.three_hosts.configuration import NAMES

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


@pytest.mark.parametrize("host", NAMES, ids=lambda host: host.letter)
def test_each_host_runs_every_kind_of_program(host: configuration.Name) -> None:
    ours = configuration.programs_of_ours(host)
    assert {name.partition("_")[0] for name in PROGRAMS} <= ours.keys()
    assert config.load(configuration.settings(host)).database_statement_timeout_ms == 0
    assert json.loads(configuration.patroni(host))["bootstrap"]["dcs"]["synchronous_mode"] is True


def test_one_broker_is_active_and_the_other_one_waits() -> None:
    brokers = [line for line in configuration.load_balancer().splitlines() if ":1883 check" in line]
    assert [" backup" in line for line in brokers] == [False, True]


def answer(began: float, outcome: str) -> Answer:
    return Answer("GET /api/wallet", began, began + 0.1, outcome)


def test_it_is_normal_again_after_the_last_request_that_failed() -> None:
    journal = Journal(
        fault_periods=[FaultPeriod("host a lost", 100.0, 140.0), FaultPeriod("host b lost", 200.0, 240.0)]
    )
    journal.answers += [answer(99, "none"), answer(105, "none"), answer(112, "503"), answer(150, "409")]
    journal.answers += [answer(231, "500"), answer(232, "200")]
    found = {period.name: results.count_until_normal(period, each) for period, each in results.by_period(journal)}
    assert found == {"host a lost": 12.0, "host b lost": 31.0}
    assert [finding.what for finding in results.check_recovery(journal)] == [
        "host b lost: requests still failed after 31 s"
    ]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif("SLOW" not in os.environ, reason="it takes ten minutes: SLOW=1 ./scripts/test tests/drills -m slow")
def test_three_hosts_lose_nothing(tmp_path: Path) -> None:
    if missing := machine.find_missing(also=("unshare", "ip", "bridge")):
        pytest.skip(f"this machine has no {', '.join(missing)}")
    done = subprocess.run(
        [ROOT / "scripts/drills/three-hosts", "--folder", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
