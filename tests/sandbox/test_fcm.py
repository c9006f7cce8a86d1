"""Push messages through pyfcm, and over HTTP what pyfcm hides."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from pyfcm import FCMNotification
from pyfcm.errors import (
    AuthenticationError,
    FCMNotRegisteredError,
    FCMSenderIdMismatchError,
    FCMServerError,
    InvalidDataError,
)

from scripts.sandbox import Sandbox
from scripts.sandbox.vendors.fcm.accounts import write_service_account

DEVICE = "device-token-0001"


@pytest.fixture(scope="session")
def account(whole_sandbox: Sandbox) -> dict[str, str]:
    found: dict[str, str] = requests.get(f"{whole_sandbox.url}/fcm/service-account.json", timeout=10).json()
    return found


@pytest.fixture
def fcm(sandbox: Sandbox, account: dict[str, str], tmp_path: Path) -> Any:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    return client(sandbox, path)


def client(sandbox: Sandbox, path: Path, base: str = "/fcm/v1/projects") -> Any:
    class Client(FCMNotification):  # type: ignore[misc]
        FCM_END_POINT_BASE = sandbox.url + base

    return Client(service_account_file=str(path), project_id=None, adapter=requests.adapters.HTTPAdapter())


@pytest.fixture
def bearer(sandbox: Sandbox, account: dict[str, str], http: requests.Session) -> dict[str, str]:
    answer = http.post(account["token_uri"], data=token_request(account), timeout=10).json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


def token_request(account: dict[str, str], **changed: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": account["client_email"],
        "aud": account["token_uri"],
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "iat": now,
        "exp": now + 3600,
    }
    key, kid = account["private_key"], {"kid": account["private_key_id"]}
    assertion = jwt.encode({**claims, **changed}, key, algorithm="RS256", headers=kid)
    return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


def test_a_push_is_read_in_the_inbox(sandbox: Sandbox, fcm: Any) -> None:
    answer = fcm.notify(DEVICE, "Almost due", "Return it by 18:00", data_payload={"rental": "1"})
    assert answer["name"].startswith("projects/powerbank-sandbox/messages/")
    (message,) = sandbox.messages.newest_first()
    assert (message.to, message.title, message.body) == (DEVICE, "Almost due", "Return it by 18:00")
    assert message.details["data"] == {"rental": "1"}


def test_a_service_account_made_without_the_sandbox_is_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    write_service_account(path, sandbox.url, "another-project")
    assert client(sandbox, path).notify(DEVICE, "Hello", "You")["name"].startswith("projects/another-project/")


def test_a_dry_run_sends_nothing(sandbox: Sandbox, fcm: Any) -> None:
    fcm.notify(DEVICE, "Hello", "You", dry_run=True)
    assert sandbox.messages.newest_first() == []


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("unregistered", FCMNotRegisteredError),
        ("sender_mismatch", FCMSenderIdMismatchError),
        ("third_party_auth", AuthenticationError),
        ("internal", FCMServerError),
        ("error", FCMServerError),
        ("drop", requests.ConnectionError),
        ("token_refused", InvalidDataError),
    ],
)
def test_pyfcm_raises_its_own_error_for_each_fault(
    sandbox: Sandbox, fcm: Any, fault: str, raised: type[Exception]
) -> None:
    sandbox.faults.set("fcm", fault, times=1)
    with pytest.raises(raised):
        fcm.notify(DEVICE, "Hello", "You", timeout=5)
    assert fcm.notify(DEVICE, "Hello", "You", timeout=5)["name"]


def test_a_date_in_retry_after_is_too_much_for_pyfcm(sandbox: Sandbox, fcm: Any) -> None:
    sandbox.faults.set("fcm", "retry_after_date", times=1)
    with pytest.raises(ValueError, match="invalid literal"):
        fcm.notify(DEVICE, "Hello", "You", timeout=5)


def test_an_expired_token_is_fetched_anew(sandbox: Sandbox, fcm: Any) -> None:
    sandbox.faults.set("fcm", "token_expired", times=1)
    assert fcm.notify(DEVICE, "Hello", "You", timeout=5)["name"]


def test_a_wrong_path_is_a_404_without_a_code(sandbox: Sandbox, fcm: Any, account: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text(json.dumps(account))
    with pytest.raises(FCMNotRegisteredError):
        client(sandbox, path, "/fcm/v2/projects").notify(DEVICE, "Hello", "You", timeout=5)


def message(**changed: Any) -> dict[str, Any]:
    return {"message": {"token": DEVICE, "notification": {"title": "Hello", "body": "You"}, **changed}}


def post(
    sandbox: Sandbox, http: requests.Session, bearer: dict[str, str], body: Any, project: str = "powerbank-sandbox"
) -> requests.Response:
    url = f"{sandbox.url}/fcm/v1/projects/{project}/messages:send"
    return http.post(url, json=body, headers=bearer, timeout=10)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (message(data={"count": 1}), "message.data[0].value"),
        (message(data={"from": "x"}), "message.data"),
        (message(data={"google.x": "x"}), "message.data"),
        (message(token="not a token"), "message.token"),
        (message(topic="both"), "message"),
        (message(android={"ttl": 3600}), "message.android.ttl"),
        (message(android={"priority": "urgent"}), "message.android.priority"),
        (message(apns={"headers": {"apns-priority": 10}}), "message.apns.headers[apns-priority]"),
        (message(data={"long": "x" * 4096}), "message"),
        (message(colour="red"), "message"),
        ({}, "message"),
        ("text", "message"),
    ],
)
def test_what_is_wrong_with_a_message(sandbox: Sandbox, http: Any, bearer: Any, body: Any, field: str) -> None:
    answer = post(sandbox, http, bearer, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["errorCode"] == "INVALID_ARGUMENT"
    assert error["details"][1]["fieldViolations"][0]["field"] == field


def test_only_a_token_that_is_gone_says_unregistered(sandbox: Sandbox, http: Any, bearer: Any) -> None:
    sandbox.faults.set("fcm", "unregistered", times=1, match=DEVICE)
    assert post(sandbox, http, bearer, message(token="device-token-0002")).status_code == 200
    gone = post(sandbox, http, bearer, message())
    assert gone.status_code == 404
    assert gone.json()["error"]["details"][0]["errorCode"] == "UNREGISTERED"
    elsewhere = post(sandbox, http, bearer, message(), project="nobodys")
    assert elsewhere.status_code == 404
    assert "details" not in elsewhere.json()["error"]
    nowhere = http.post(f"{sandbox.url}/fcm/v1/messages:send", headers=bearer, timeout=10)
    assert (nowhere.status_code, nowhere.headers["Content-Type"][:9]) == (404, "text/html")


@pytest.mark.parametrize(("fault", "status"), [("quota", 429), ("overloaded", 503), ("unavailable", 503)])
def test_too_much_says_when_to_come_back(sandbox: Sandbox, http: Any, bearer: Any, fault: str, status: int) -> None:
    sandbox.faults.set("fcm", fault, times=1, seconds=7)
    answer = post(sandbox, http, bearer, message())
    assert (answer.status_code, answer.headers["Retry-After"]) == (status, "7")


def test_a_bad_bearer_is_a_401(sandbox: Sandbox, http: Any) -> None:
    answer = post(sandbox, http, {"Authorization": "Bearer wrong"}, message())
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert "details" not in answer.json()["error"]
    of_another_run = post(sandbox, http, {"Authorization": "Bearer ya29.sandbox-old"}, message())
    assert of_another_run.json()["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"aud": "https://elsewhere.example.com"}, "invalid_grant"),
        ({"exp": 1}, "invalid_grant"),
        ({"iss": "me@example.com"}, "invalid_grant"),
        ({"scope": "email"}, "invalid_scope"),
    ],
)
def test_a_bad_assertion_gives_no_token(http: Any, account: Any, changed: dict[str, Any], error: str) -> None:
    answer = http.post(account["token_uri"], data=token_request(account, **changed), timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_an_assertion_of_another_key_gives_no_token(sandbox: Sandbox, http: Any, account: Any) -> None:
    other = http.get(f"{sandbox.url}/fcm/service-account.json", timeout=10).json()
    forged = token_request({**account, "private_key": other["private_key"]})
    answer = http.post(account["token_uri"], data=forged, timeout=10)
    assert answer.json()["error_description"] == "Invalid JWT Signature."
    assert http.post(account["token_uri"], data={"grant_type": "password"}, timeout=10).status_code == 400
