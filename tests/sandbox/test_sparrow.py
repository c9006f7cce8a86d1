"""Sparrow SMS as documented."""

from typing import Any

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.vendors.sparrow import parts

NUMBER = "9841000001"


@pytest.fixture
def send(sandbox: Sandbox, http: requests.Session) -> Any:
    def send(method: str = "POST", **changed: str | None) -> requests.Response:
        given = {
            "token": sandbox.accounts.sparrow_token,
            "from": "Powerbank",
            "to": NUMBER,
            "text": "Your code is 123456",
        }
        fields = {name: value for name, value in {**given, **changed}.items() if value is not None}
        place = {"data": fields} if method == "POST" else {"params": fields}
        return http.request(method, f"{sandbox.url}/sparrow/v2/sms/", timeout=10, **place)

    return send


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_message_is_queued_and_read_in_the_inbox(sandbox: Sandbox, send: Any, method: str) -> None:
    answer = send(method, to=f"{NUMBER}, 9841000002")
    assert (answer.status_code, answer.json()["count"], answer.json()["response_code"]) == (200, 2, 200)
    newest, older = sandbox.messages.newest_first()
    assert (older.to, newest.to, newest.body) == (NUMBER, "9841000002", "Your code is 123456")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"token": None}, 1000),
        ({"text": None}, 1000),
        ({"token": "wrong"}, 1002),
        ({"to": "nobody"}, 1007),
        ({"from": "Somebody"}, 1008),
        ({"text": " "}, 1010),
        ({"to": "+9779841000001"}, 1011),
    ],
)
def test_what_is_wrong_is_a_403_with_its_code(sandbox: Sandbox, send: Any, changed: dict[str, str], code: int) -> None:
    answer = send(**changed)
    assert (answer.status_code, answer.json()["response_code"]) == (403, code)
    assert sandbox.messages.newest_first() == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("ip_refused", 403, 1001),
        ("inactive", 403, 1003),
        ("expired", 403, 1005),
        ("no_credits", 403, 1012),
        ("few_credits", 403, 1013),
        ("refused_with_200", 200, 1002),
    ],
)
def test_each_trouble_of_the_account_has_its_answer(
    sandbox: Sandbox, send: Any, fault: str, status: int, code: int
) -> None:
    sandbox.faults.set("sparrow", fault, times=1)
    answer = send()
    assert (answer.status_code, answer.json()["response_code"]) == (status, code)
    assert send().json()["response_code"] == 200


def test_credits_are_drawn_down_until_there_are_none(sandbox: Sandbox, send: Any, http: requests.Session) -> None:
    credit, token = f"{sandbox.url}/sparrow/v2/credit/", {"token": sandbox.accounts.sparrow_token}
    http.put(f"{sandbox.url}/sparrow/credits", json={"available": 2}, timeout=10)
    assert send(text="क" * 71).status_code == 200
    left = http.get(credit, params=token, timeout=10).json()
    assert left == {"credits_available": 0, "credits_consumed": 2, "response_code": 200}
    assert send().json()["response_code"] == 1012
    http.put(f"{sandbox.url}/sparrow/credits", json={"available": 1}, timeout=10)
    assert send(to="9841000001,9841000002").json()["response_code"] == 1013
    assert http.get(credit, params={"token": "wrong"}, timeout=10).json()["response_code"] == 1002
    sandbox.reset()
    assert http.get(credit, params=token, timeout=10).json()["credits_available"] == 100_000


@pytest.mark.parametrize(
    ("text", "count"), [("a" * 160, 1), ("a" * 161, 2), ("क" * 70, 1), ("क" * 71, 2), ("a" * 306, 2), ("a" * 307, 3)]
)
def test_long_messages_count_as_several_parts(text: str, count: int) -> None:
    assert parts(text) == count
