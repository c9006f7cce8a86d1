"""The simulator has a page, a JSON interface and a program."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from powerbank.stations.protocols.events import Returned
from scripts.simulation import FAULTS, Network, Simulator, generate
from scripts.simulation.page import Page
from tests.simulator.conftest import JSON, VOLINKS, Run
from tests.simulator.server import Server

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_the_page_and_the_json_behind_it(run: Run, server: Server) -> None:
    here, there = JSON[11], VOLINKS[10]
    with Page(run(here, there), 0) as page:
        found = requests.get(page.url, timeout=60)
        assert "Powerbank simulator" in found.text
        for name in ("page.js", "page.css", "icon.svg"):
            assert requests.get(f"{page.url}/static/{name}", timeout=60).ok
        state = requests.get(f"{page.url}/api/state", timeout=60).json()
        assert (state["stations"], state["connected"], state["in_slots"], state["in_hands"]) == (2, 2, 10, 0)
        listed = requests.get(f"{page.url}/api/stations", params={"q": "volinks"}, timeout=60).json()
        assert (listed["total"], listed["items"][0]["imei"]) == (1, there.imei)
        assert {one["fault"] for one in requests.get(f"{page.url}/api/faults", timeout=60).json()["items"]} == set(
            FAULTS
        )

        stations = f"{page.url}/api/stations"
        taken = requests.post(f"{stations}/{there.imei}/eject", json={"slot": 2}, timeout=60).json()["serial"]
        assert taken == there.serials[1]
        banks = requests.get(f"{page.url}/api/banks", timeout=60).json()["items"]
        assert [bank["serial"] for bank in banks] == [taken]
        slot = requests.post(f"{stations}/{here.imei}/return", json={"serial": taken}, timeout=60).json()["slot"]
        assert slot == 6
        assert server.wait_for(here, Returned)[0].serial == taken
        moved = requests.post(
            f"{page.url}/api/banks/{taken}/move", json={"imei": there.imei, "slot": 8}, timeout=5
        ).json()
        assert moved == {"slot": 8}

        answer = requests.post(f"{stations}/{here.imei}/faults", json={"fault": "refuse", "times": 2}, timeout=60)
        assert answer.json()["faults"] == [{"fault": "refuse", "times": 2, "rate": 1.0, "seconds": 0}]
        assert (
            requests.delete(f"{stations}/{here.imei}/faults", params={"fault": "refuse"}, timeout=60).status_code == 204
        )
        detail = requests.get(f"{stations}/{here.imei}", timeout=60).json()
        assert detail["faults"] == []
        assert any(one["topic"].endswith("/events") and taken in one["text"] for one in detail["traffic"])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("stations/none/eject", {"slot": 1}, 404),
        ("stations/IMEI/eject", {"slot": 7}, 409),
        ("stations/IMEI/eject", {"slot": 99}, 409),
        ("stations/IMEI/eject", {"slot": "1"}, 400),
        ("stations/IMEI/eject", None, 415),
        ("stations/IMEI/return", {"serial": "nobody's"}, 409),
        ("stations/IMEI/faults", {"fault": "sneeze"}, 400),
        ("stations/IMEI/faults", {"fault": "refuse", "times": 0}, 400),
        ("stations/IMEI/faults", {"fault": "refuse", "rate": 2.0}, 400),
        ("stations/IMEI/faults", {"fault": "clock_skew", "seconds": 1e12}, 400),
        ("stations/IMEI/faults", {"fault": "refuse", "more": 1}, 400),
    ],
)
def test_what_cannot_be_done_is_refused_in_json(
    broker_url: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    with Simulator(broker_url, [JSON[11]]) as simulator, Page(simulator, 0) as page:
        url = f"{page.url}/api/{path.replace('IMEI', JSON[11].imei)}"
        answer = requests.post(url, json=body, timeout=60)
        assert answer.status_code == status
        assert answer.json()["error"]


def test_another_page_cannot_drive_it(broker_url: str) -> None:
    with Simulator(broker_url, [JSON[11]]) as simulator, Page(simulator, 0) as page:
        rebound = requests.get(f"{page.url}/api/state", headers={"Host": "evil.example"}, timeout=60)
        assert rebound.status_code == 400
        form = {"Content-Type": "text/plain"}
        eject = f"{page.url}/api/stations/{JSON[11].imei}/eject"
        posted = requests.post(eject, '{"slot": 1}', headers=form, timeout=60)
        assert posted.status_code == 415


def program(*arguments: str, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "scripts/simulator.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_program_runs_what_registration_wrote(broker_url: str, server: Server, tmp_path: Path) -> None:
    spec = VOLINKS[11]
    network = tmp_path / "network.json"
    network.write_text(json.dumps({"stations": [spec.model_dump()], "hands": ["4711"], "comment": "ignored"}))
    running = program(str(network), "--port", "0", "--fault", "refuse=0.5", MQTT_URL=broker_url)
    try:
        assert running.stdout is not None
        url = running.stdout.readline().split()[-1].rstrip(".")
        state = requests.get(f"{url}/api/state", timeout=60).json()
        assert (state["stations"], state["in_hands"]) == (1, 1)
        assert requests.get(f"{url}/api/stations", timeout=60).json()["items"][0]["faults"][0]["rate"] == 0.5
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    finally:
        running.kill()
        _, errors = running.communicate()
    assert errors == ""


def test_the_program_makes_up_stations() -> None:
    out, _ = program("--generate", "3", "--protocol", "volinks-v1", "--seed", "4").communicate(timeout=60)
    assert Network.model_validate_json(out) == generate(3, protocol="volinks-v1", seed=4)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        ({"stations": [{"sn": "a"}]}, "imei"),
        ({"stations": [JSON[0].model_dump(), JSON[0].model_dump()]}, "is given twice"),
        ({"stations": [{**JSON[0].model_dump(), "slots": 2}]}, "more banks than slots"),
        ({"stations": [{**VOLINKS[0].model_dump(), "slots": 6}]}, "in fours"),
        ({"stations": [{**VOLINKS[0].model_dump(), "serials": ["PB-1"]}]}, "numbers of four bytes"),
    ],
)
def test_the_program_says_what_is_wrong_with_its_file(tmp_path: Path, network: Any, complaint: str) -> None:
    path = tmp_path / "network.json"
    path.write_text(json.dumps(network))
    running = program(str(path), MQTT_URL="mqtt://127.0.0.1:1")
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 2
    assert complaint in errors
