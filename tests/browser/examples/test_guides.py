"""The examples of the guides do what the guides say, in a network that is really there.

It is one test, because it starts a whole network; the two authors work at the same time. Each guide is a function, and
each step is followed by what it must have brought about.
"""

import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest

from tests.browser.examples.authors import Author, WithCurl, WithJavaScript
from tests.browser.examples.network import Network
from tests.nursery import wait_until

pytestmark = [pytest.mark.faults, pytest.mark.enable_socket]


def test_the_examples_do_what_the_guides_say(network: Network, authors: list[Author]) -> None:
    network.set("kyc_required", False)
    network.set("quiet_hours", "03:00-03:01")
    with_curl, in_a_browser = authors
    with ThreadPoolExecutor(1) as beside:
        other = beside.submit(follow_the_guides, with_curl, network, "+9779841000080")
        follow_the_guides(in_a_browser, network, "+9779841000081")
        other.result()


def follow_the_guides(author: Author, network: Network, phone: str) -> None:
    station = first_five_minutes(author)
    refresh_token = signing_in(author, network, phone)
    paying(author, network)
    errors_and_retries(author)
    renting(author, network, station)
    going_live(author)
    signing_out(author, refresh_token)


def first_five_minutes(author: Author) -> str:
    found = author.run("first-five-minutes/find-a-station", lat=27.7172, lng=85.3240)["items"]
    assert 1 <= len(found) <= 3
    assert found[0]["distance_m"] <= found[-1]["distance_m"]
    stations = every_station(author)
    assert len(stations) == len({station["sn"] for station in stations}) == 12
    assert "unauthenticated" in str(author.run("first-five-minutes/read-a-refusal"))
    sn = next(each["sn"] for each in stations if each["open_now"] and each["available_banks"] > 1)
    assert author.run("first-five-minutes/look-at-a-station", sn=sn)["slots"]
    return str(sn)


def every_station(author: Author) -> list[dict[str, Any]]:
    if isinstance(author, WithJavaScript):
        whole: list[dict[str, Any]] = author.run("first-five-minutes/read-all-pages")
        return whole
    found, cursor = [], ""
    while cursor is not None:
        page = author.run("first-five-minutes/read-all-pages", cursor=cursor)
        found, cursor = [*found, *page["items"]], page["next_cursor"]
    return found


def signing_in(author: Author, network: Network, phone: str) -> str:
    """Sign in as somebody new, and give the refresh token."""
    asked = author.run("signing-in/ask-for-a-code", phone=phone)
    verified = author.run(
        "signing-in/verify-the-code", challenge_id=asked["challenge_id"], code=network.code_for(phone)
    )
    assert verified["registered"] is False
    name = f"maya_{author.name}"
    tokens = author.run("signing-in/register", verification_token=verified["verification_token"], username=name)
    author.token = tokens["access_token"]
    assert author.run("signing-in/who-am-i")["username"] == name

    renewed = author.run("signing-in/refresh", refresh_token=tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    author.token = renewed["access_token"]
    assert author.run("signing-in/who-am-i")["username"] == name
    return str(renewed["refresh_token"])


def paying(author: Author, network: Network) -> None:
    gateways = {each["gateway"] for each in author.run("paying/list-gateways")["items"]}
    assert gateways == {"khalti", "esewa", "stripe"}
    for number, gateway in enumerate(sorted(gateways), start=1):
        begun = author.run("paying/top-up", amount="300.00", gateway=gateway, key=str(uuid4()))
        intent = ready(author, begun["intent_id"])
        assert intent["status"] == "ready"
        if isinstance(author, WithJavaScript):
            pay_in_the_browser(author, network, intent)
        else:
            pay_somewhere(network, intent)
        assert author.run("paying/settle", intent_id=begun["intent_id"])["status"] == "success"
        assert author.run("paying/read-the-wallet")["balance"] == f"{300 * number}.00"


def ready(author: Author, intent_id: str) -> dict[str, Any]:
    intent: dict[str, Any] = {}

    def left_pending() -> bool:
        intent.update(author.run("paying/wait-for-the-page", intent_id=intent_id))
        return bool(intent["status"] != "pending")

    wait_until(left_pending, 20, "the gateway's page")
    return intent


def pay_in_the_browser(author: WithJavaScript, network: Network, intent: dict[str, Any]) -> None:
    author.run("paying/post-the-form" if intent["form"] else "paying/open-the-page", intent=intent)
    author.page.wait_for_url(f"{network.sandbox}/**")
    author.page.click("button.go")
    author.page.wait_for_url(f"{network.url}/**")
    assert intent["intent_id"] in author.page.url
    author.page.goto(f"{network.url}/docs")


def pay_somewhere(network: Network, intent: dict[str, Any]) -> None:
    payment = intent["gateway_reference"]
    if intent["form"]:
        fields = urllib.parse.urlencode(intent["form"]["fields"]).encode()
        urllib.request.urlopen(intent["form"]["action"], fields, timeout=20).close()  # noqa: S310
        payment = intent["form"]["fields"]["transaction_uuid"]
    network.pay(intent["gateway"], payment)


def errors_and_retries(author: Author) -> None:
    key = str(uuid4())
    if isinstance(author, WithJavaScript):
        body = {"amount": "50.00", "gateway": "khalti"}
        asked = {"method": "POST", "path": "/api/wallet/topup-intent", "body": body, "key": key}
        with refusing_once(author.page, "**/api/wallet/topup-intent") as sent:
            intents = [author.run("errors-and-retries/retry", **asked) for _ in range(2)]
        assert sent == [key, key, key]
    elif isinstance(author, WithCurl):
        asked = {"amount": "50.00", "gateway": "khalti", "key": key}
        intents = [author.run("errors-and-retries/retry", **asked)]
        with busy_server() as (base, sent):
            author.base, whole = base, author.base
            author.run("errors-and-retries/retry", **asked)
            author.base = whole
        assert sent == [key, key]
        intents.append(author.run("errors-and-retries/retry", **asked))
    assert intents[0]["intent_id"] == intents[1]["intent_id"]


@contextmanager
def refusing_once(page: Any, address: str) -> Iterator[list[str]]:
    """Let the first request to an address be refused as by a server that is too busy, and note the keys of all."""
    sent: list[str] = []

    def answer(route: Any) -> None:
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) > 1:
            route.continue_()
            return
        busy = json.dumps({"status": 503, "code": "busy", "detail": "Too busy right now."})
        route.fulfill(status=503, headers={"Retry-After": "1"}, content_type="application/problem+json", body=busy)

    page.route(address, answer)
    yield sent
    page.unroute(address)


@contextmanager
def busy_server() -> Iterator[tuple[str, list[str]]]:
    """Serve as a server that is too busy for the first request, and note the keys of all."""
    sent: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            sent.append(self.headers["Idempotency-Key"])
            self.send_response(503 if len(sent) == 1 else 202)
            self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(b"" if len(sent) == 1 else b"{}")

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", sent
    server.shutdown()
    thread.join()
    server.server_close()


def renting(author: Author, network: Network, station: str) -> None:
    phone = f"phone-of-{author.name}"
    device = author.run("push/register-a-device", fcm_token=phone, platform="android")
    assert author.run("renting/complete-the-profile")["profile_complete"]
    package = author.run("renting/choose-a-package", sn=station)["items"][0]
    options = author.run("renting/ask-how-to-pay", package_id=package["id"])["options"]
    method = next(each["method"] for each in options if each["recommended"])
    kept = author.run("renting/reserve", sn=station, package_id=package["id"], key=str(uuid4()))
    assert kept["status"] == "active"
    given_back = author.run("renting/give-the-reservation-back", reservation_id=kept["reservation_id"])
    assert given_back["status"] == "cancelled"
    author.run("renting/reserve", sn=station, package_id=package["id"], key=str(uuid4()))
    begun = author.run("renting/start", sn=station, package_id=package["id"], payment_method=method, key=str(uuid4()))

    rental = handed_out(author, begun["rental_id"])
    assert (rental["status"], rental["station"]["sn"]) == ("active", station)
    wait_until(lambda: bool(network.messages("push", phone)), 20, "a push")
    author.run("push/forget-a-device", device_id=device["id"])

    ticket = author.run("renting/ask-for-a-ticket", rental_id=rental["id"])
    with author.following(ticket["url"]) as heard:
        heard("hello")
        longer = author.run("renting/extend", rental_id=rental["id"], package_id=package["id"], key=str(uuid4()))
        assert longer["due_at"] > rental["due_at"]
        heard("rental")

    blocked = author.run("renting/report-a-blocked-return", rental_id=rental["id"], sn=station)
    assert (blocked["status"], blocked["go_to"]) == ("refused", None)  # it has free slots
    network.bring_back(rental)

    def settled() -> bool:
        receipt = author.run("renting/read-the-receipt", rental_id=rental["id"])
        return bool(receipt["status"] == "completed" and receipt["is_returned_on_time"])

    wait_until(settled, 20, "the settled return")


def handed_out(author: Author, rental_id: str) -> dict[str, Any]:
    if isinstance(author, WithJavaScript):
        whole: dict[str, Any] = author.run("renting/wait-for-the-bank", rental_id=rental_id)
        return whole
    since = 0
    while True:
        rental: dict[str, Any] = author.run("renting/wait-for-the-bank", rental_id=rental_id, since=since)
        if rental["status"] not in ("pending", "ejecting"):
            return rental
        assert rental["version"] > since
        since = rental["version"]


def going_live(author: Author) -> None:
    answer = author.run("going-live/check-the-version", platform="android", version="0.0.1")
    assert answer["update"] in ("required", "available", "none")


def signing_out(author: Author, refresh_token: str) -> None:
    if isinstance(author, WithJavaScript):
        author.token = "expired"
        tokens = {"refreshToken": refresh_token}
        asked = {"tokens": tokens, "method": "GET", "path": "/api/users/me"}
        assert author.run("errors-and-retries/refresh-when-needed", **asked)["username"] == f"maya_{author.name}"
        assert author.given["tokens"]["refreshToken"] != refresh_token
        refresh_token = author.given["tokens"]["refreshToken"]
    author.run("signing-in/sign-out", refresh_token=refresh_token)
    assert "unauthenticated" in str(author.run("first-five-minutes/read-a-refusal"))
