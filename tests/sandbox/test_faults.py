"""The switches, and what every HTTP vendor does when they are on."""

import time
from typing import Any

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.testing import free_ports
from tests.nursery import wait_until


@pytest.fixture
def send(sandbox: Sandbox, http: requests.Session) -> Any:
    def send(to: str = "9841000001", timeout: float = 10) -> requests.Response:
        form = {"token": sandbox.accounts.sparrow_token, "from": "Powerbank", "to": to, "text": "Hello"}
        return http.post(f"{sandbox.url}/sparrow/v2/sms/", data=form, timeout=timeout)

    return send


@pytest.fixture
def switch(sandbox: Sandbox, http: requests.Session) -> Any:
    def switch(**wanted: Any) -> requests.Response:
        return http.post(f"{sandbox.url}/api/faults", json={"vendor": "sparrow", **wanted}, timeout=10)

    return switch


def test_errors_come_as_often_as_asked(sandbox: Sandbox, send: Any, switch: Any) -> None:
    assert switch(fault="error", times=2).status_code == 201
    assert [send().status_code for _ in range(3)] == [500, 500, 200]


def test_only_the_match_is_concerned(sandbox: Sandbox, send: Any, switch: Any) -> None:
    switch(fault="unavailable", match="0002", seconds=30)
    assert send().status_code == 200
    refused = send("9841000002")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")


def test_a_page_where_json_was_expected(sandbox: Sandbox, send: Any, switch: Any) -> None:
    switch(fault="html")
    answer = send()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_a_dropped_connection_did_nothing(sandbox: Sandbox, send: Any, switch: Any) -> None:
    switch(fault="drop", times=1)
    with pytest.raises(requests.ConnectionError):
        send()
    assert sandbox.messages.newest_first() == []


def test_a_hang_after_success_did_the_work(sandbox: Sandbox, send: Any, switch: Any) -> None:
    switch(fault="hang_after_success", times=1)
    with pytest.raises(requests.Timeout):
        send(timeout=0.2)
    wait_until(lambda: len(sandbox.messages.newest_first()) == 1, 5, "the work is done")
    switch(fault="hang_after_success", times=1, seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        send()


def test_a_slow_vendor_answers_after_its_delay(sandbox: Sandbox, send: Any, switch: Any) -> None:
    switch(fault="slow", times=1, seconds=0.3)
    began = time.monotonic()
    assert send().status_code == 200
    assert time.monotonic() - began >= 0.3


def test_faults_are_listed_and_taken_back(sandbox: Sandbox, http: requests.Session, switch: Any) -> None:
    first = switch(fault="error").json()
    switch(fault="slow", seconds=1, match="98")
    url = f"{sandbox.url}/api/faults"
    assert [item["fault"] for item in http.get(url, timeout=10).json()["items"]] == ["error", "slow"]
    assert http.delete(f"{url}/{first['id']}", timeout=10).status_code == 204
    assert [item["fault"] for item in http.get(url, timeout=10).json()["items"]] == ["slow"]
    assert http.delete(url, timeout=10).status_code == 204
    assert http.get(url, timeout=10).json() == {"items": []}


@pytest.mark.parametrize(
    "wrong", [{"fault": "none"}, {"vendor": "nobody", "fault": "error"}, {"fault": "error", "times": 0}, {"what": 1}]
)
def test_a_switch_that_is_not_there_is_refused(switch: Any, wrong: dict[str, Any]) -> None:
    assert switch(**wrong).status_code == 400


def test_a_hanging_answer_does_not_hold_up_the_stop() -> None:
    http_port, smtp_port = free_ports(2)
    with Sandbox(http_port, smtp_port) as sandbox:
        sandbox.faults.set("sparrow", "slow", seconds=60)
        with pytest.raises(requests.Timeout):
            requests.get(f"{sandbox.url}/sparrow/v2/credit/", timeout=0.2)
        began = time.monotonic()
    assert time.monotonic() - began < 30, "half of what the answer would have taken"


def test_a_taken_port_is_an_error() -> None:
    http_port, smtp_port = free_ports(2)
    with Sandbox(http_port, smtp_port), pytest.raises(OSError, match="in use"):
        Sandbox(http_port, smtp_port).start()
