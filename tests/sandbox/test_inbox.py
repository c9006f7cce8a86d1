"""The inbox as tests and the page read it."""

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.messages import KEPT, Channel, Messages


@pytest.fixture
def filled(sandbox: Sandbox) -> Sandbox:
    sandbox.messages.add(Channel.SMS, "9841000001", "first")
    sandbox.messages.add(Channel.EMAIL, "Asha@example.com", "second", title="Hello")
    sandbox.messages.add(Channel.PUSH, "device-1", "third", title="Due")
    return sandbox


def bodies(sandbox: Sandbox, http: requests.Session, **asked: str) -> list[str]:
    answer = http.get(f"{sandbox.url}/api/messages", params=asked, timeout=10)
    return [item["body"] for item in answer.json()["items"]]


def test_newest_first_with_what_each_has(filled: Sandbox, http: requests.Session) -> None:
    items = http.get(f"{filled.url}/api/messages", timeout=10).json()["items"]
    assert [item["body"] for item in items] == ["third", "second", "first"]
    assert {"id", "channel", "to", "body", "created_at"} <= items[2].keys()
    assert "title" not in items[2]
    assert items[1]["title"] == "Hello"
    assert items[0]["created_at"].endswith("Z")


def test_one_channel_and_one_recipient(filled: Sandbox, http: requests.Session) -> None:
    assert bodies(filled, http, channel="sms") == ["first"]
    assert bodies(filled, http, to="+977 984-1000001") == ["first"]
    assert bodies(filled, http, to="asha@example.com") == ["second"]
    assert bodies(filled, http, channel="push", to="9841000001") == []
    assert http.get(f"{filled.url}/api/messages?channel=fax", timeout=10).status_code == 400


def test_the_same_is_not_sent_twice(filled: Sandbox, http: requests.Session) -> None:
    url = f"{filled.url}/api/messages"
    tag = {"If-None-Match": http.get(url, timeout=10).headers["ETag"]}
    assert http.get(url, headers=tag, timeout=10).status_code == 304
    filled.messages.add(Channel.SMS, "9841000001", "fourth")
    assert http.get(url, headers=tag, timeout=10).status_code == 200


def test_the_inbox_is_emptied(filled: Sandbox, http: requests.Session) -> None:
    assert http.delete(f"{filled.url}/api/messages", timeout=10).status_code == 204
    assert bodies(filled, http) == []


def test_the_inbox_has_an_upper_bound() -> None:
    messages = Messages()
    for number in range(KEPT + 5):
        messages.add(Channel.SMS, "9841000001", str(number))
    kept = messages.newest_first()
    assert (len(kept), kept[-1].body) == (KEPT, "5")


def test_the_state_lists_addresses_vendors_and_faults(sandbox: Sandbox, http: requests.Session) -> None:
    state = http.get(f"{sandbox.url}/api/state", timeout=10).json()
    assert state["smtp_port"] == sandbox.smtp_port
    assert "hang_after_success" in {vendor["name"]: vendor["faults"] for vendor in state["vendors"]}["fcm"]
