"""What push services answer, and where a browser may have us send pushes."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from powerbank.integrations.callbacks.client import PublicPosts
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.webpush import vapid
from powerbank.integrations.webpush.client import BrowserPush, WebPushClient
from powerbank.integrations.webpush.errors import BadSubscriptionError, DeadSubscriptionError
from scripts.sandbox import Sandbox

SIGNER = vapid.make_signer(vapid.make_private_key(), contact="ops@example.com")
HOSTS = ["fcm.googleapis.com", "*.notify.windows.com"]


@pytest.fixture
def played(sandbox: Sandbox) -> Iterator[Sandbox]:
    sandbox.reset()
    yield sandbox
    sandbox.reset()


@pytest.fixture
def client(played: Sandbox) -> WebPushClient:
    return WebPushClient(signer=SIGNER, hosts=HOSTS, sandbox_url=f"{played.url}/webpush")


def subscribe(played: Sandbox, key: str | None = None) -> dict[str, Any]:
    return dict(
        requests.post(f"{played.url}/webpush/subscriptions", json={"applicationServerKey": key}, timeout=5).json()
    )


def push(subscription: dict[str, Any], **more: Any) -> BrowserPush:
    content = {"title": "Your rental ends soon", "body": "तपाईंको भाडा"}
    given = {"content": content, "urgent": True, "ttl": 900, "topic": "rental"} | more
    return BrowserPush(endpoint=subscription["endpoint"], keys=subscription["keys"], **given)


def test_a_browser_reads_what_was_sent(played: Sandbox, client: WebPushClient) -> None:
    subscription = subscribe(played, SIGNER.public_key)
    client.check(subscription["endpoint"], subscription["keys"])
    assert "/webpush/messages/" in str(client.send(push(subscription)))
    (message,) = played.messages.newest_first(to=subscription["endpoint"])
    assert (message.title, message.body) == ("Your rental ends soon", "तपाईंको भाडा")
    assert message.details["headers"] == {"TTL": "900", "Urgency": "high", "Topic": "rental"}


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        ("gone", DeadSubscriptionError, None),
        ("not_found", DeadSubscriptionError, None),
        ("wrong_key", VendorRefusedError, None),
        ("too_large", VendorRefusedError, None),
        ("quota", VendorError, 2),
        ("overloaded", VendorError, 2),
        ("drop", VendorError, None),
    ],
)
def test_what_the_push_service_answers_says_whether_a_repeat_helps(
    played: Sandbox, client: WebPushClient, fault: str, error: type[Exception], retry_after: int | None
) -> None:
    subscription = subscribe(played)
    played.faults.set("webpush", fault, times=1)
    with pytest.raises(error) as raised:
        client.send(push(subscription))
    assert type(raised.value) is error or fault == "drop"
    assert getattr(raised.value, "retry_after", None) == retry_after
    client.send(push(subscription))


def test_the_key_must_be_that_of_the_subscription(played: Sandbox, client: WebPushClient) -> None:
    with pytest.raises(VendorRefusedError, match="403"):
        client.send(push(subscribe(played, "another key")))


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/x",
        "https://fcm.googleapis.com:8443/x",
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://evil.example/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://notify.windows.com.evil.example/x",
        "https://evilnotify.windows.com/x",
        "https://user:secret@fcm.googleapis.com/x",
        "https://fcm.googleapis.com/" + "x" * 1000,
        "ftp://fcm.googleapis.com/x",
        "not an address",
    ],
)
def test_a_browser_leads_to_no_other_place(played: Sandbox, client: WebPushClient, endpoint: str) -> None:
    keys = subscribe(played)["keys"]
    with pytest.raises(BadSubscriptionError):
        client.check(endpoint, keys)
    client.check("https://fcm.googleapis.com/fcm/send/x", keys)
    client.check("https://db5p.notify.windows.com/w/?token=x", keys)


def test_a_push_service_whose_name_leads_inside_is_not_called(played: Sandbox) -> None:
    posts = PublicPosts(hosts=HOSTS, resolve=lambda _host: ["93.184.216.34", "10.0.0.7"])
    client = WebPushClient(signer=SIGNER, hosts=HOSTS, posts=posts)
    keys = subscribe(played)["keys"]
    with pytest.raises(VendorRefusedError, match="not public"):
        client.send(push({"endpoint": "https://fcm.googleapis.com/x", "keys": keys}))


def test_without_the_setting_the_sandbox_is_no_push_service(played: Sandbox) -> None:
    client, subscription = WebPushClient(signer=SIGNER, hosts=HOSTS), subscribe(played)
    with pytest.raises(BadSubscriptionError):
        client.check(subscription["endpoint"], subscription["keys"])


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
        {"p256dh": vapid.encode(b"\x04" + b"\x01" * 64), "auth": "BTBZMqHH6r4Tts7J_aSIgg"},
        {"p256dh": SIGNER.public_key, "auth": "short"},
    ],
)
def test_keys_that_are_none_are_refused(client: WebPushClient, keys: dict[str, str]) -> None:
    with pytest.raises(BadSubscriptionError, match="keys"):
        client.check("https://fcm.googleapis.com/x", keys)
