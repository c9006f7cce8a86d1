"""Whatever a vendor answers, it is one kind of error, soon, and tells nothing of what was sent."""

import contextlib
import gzip
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from powerbank.integrations import http
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.esewa.client import Esewa
from powerbank.integrations.gateway import PaymentRequest
from powerbank.integrations.khalti.client import Khalti
from powerbank.integrations.nrb.client import Nrb
from powerbank.integrations.stripe.client import Stripe
from scripts.sandbox import Sandbox
from tests.receiver import Receiver

ORDER = PaymentRequest("intent-1", 5000, "NPR", "Top-up", "http://127.0.0.1:1/r", "http://127.0.0.1:1/c")

CALLS: dict[str, Callable[[str], Any]] = {
    "khalti opens": lambda url: khalti(url).open_payment(ORDER, key="k"),
    "khalti looks up": lambda url: khalti(url).look_up_payment("pidx", amount=5000, currency="NPR"),
    "khalti refunds": lambda url: khalti(url).refund("number", amount=5000, currency="NPR", key="k"),
    "esewa looks up": lambda url: esewa(url).look_up_payment("uuid", amount=5000, currency="NPR"),
    "stripe opens": lambda url: stripe_(url).open_payment(ORDER, key="k"),
    "stripe looks up": lambda url: stripe_(url).look_up_payment("cs_test_1", amount=5000, currency="NPR"),
    "stripe refunds": lambda url: stripe_(url).refund("pi_1", amount=5000, currency="NPR", key="k"),
    "stripe looks a refund up": lambda url: stripe_(url).look_up_refund("re_1"),
    "stripe lists refunds": lambda url: stripe_(url).list_refunds("pi_1"),
    "nrb": lambda url: Nrb(url=url).list_rates(date(2026, 11, 1), date(2026, 11, 2)),
}

RATE = '{"data": {"payload": [{"date": "2026-11-01", "rates": [{"currency": {"iso3": "USD", "unit": %s}, %s}]}]}}'
NONSENSE = [
    b"",
    b"<!doctype html><h1>Under maintenance</h1>",
    b"null",
    b"[]",
    b'"text"',
    b"12",
    b"{}",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"data": []}',
    b'{"data": {"payload": 5}}',
    b'{"data": {"payload": [5]}}',
    b'{"error": "text"}',
    b'{"error": []}',
    b'{"pidx": "pidx", "status": null}',
    b'{"pidx": "pidx", "status": "Completed", "total_amount": "5000"}',
    b'{"status": "COMPLETE", "transaction_uuid": "uuid", "product_code": "EPAYTEST", "total_amount": NaN}',
    b'{"id": "cs_test_1", "object": "checkout.session", "payment_intent": 5}',
    b'{"id": 5, "object": [], "status": {}}',
    (RATE % (0, '"buy": "1", "sell": "1"')).encode(),
    (RATE % (1, '"buy": "NaN", "sell": "1"')).encode(),
]


def khalti(url: str) -> Khalti:
    return Khalti(url=url, secret="secret-of-ours", website_url="http://127.0.0.1:1")


def esewa(url: str) -> Esewa:
    return Esewa(form_url=url, status_url=url, product_code="EPAYTEST", secret="secret-of-ours")


def stripe_(url: str) -> Stripe:
    return Stripe(secret="secret-of-ours", webhook_secret="whsec", url=url)


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("stripe._http_client.HTTPClient._sleep_time_seconds", lambda *_: 0)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_a_nonsense_answer_with_status_200_is_a_vendor_error(receiver: Receiver, call: str, body: bytes) -> None:
    receiver.body = body
    found, said = None, ""
    try:
        found = CALLS[call](receiver.url)
    except VendorError as error:
        said = str(error)
    assert "secret-of-ours" not in said
    # An answer that a vendor did not mean as a fact is never taken for money.
    assert found in (None, []) or (found.state == "unknown" and not found.final)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("status", [301, 302, 400, 404, 418, 429, 500, 502, 503])
def test_a_page_instead_of_json_fails_with_any_status(receiver: Receiver, call: str, status: int) -> None:
    receiver.status, receiver.body = status, b"<html>"
    receiver.headers = {"Location": "http://127.0.0.1:1/elsewhere"}
    with pytest.raises((VendorError, VendorRefusedError)) as failed:
        CALLS[call](receiver.url)
    assert isinstance(failed.value, VendorError) or status in (400, 404, 418)


@pytest.mark.parametrize("call", CALLS)
def test_an_endless_answer_is_cut_off(receiver: Receiver, call: str) -> None:
    receiver.body = b"[" + b"0," * http.MAX_BYTES
    with pytest.raises(VendorError):
        CALLS[call](receiver.url)


@pytest.mark.parametrize("call", ["khalti looks up", "stripe looks up"])
def test_an_answer_that_comes_too_slowly_is_given_up(
    receiver: Receiver, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "IN_ALL", 0.4)
    receiver.body, receiver.seconds_between_bytes = b"{" + b" " * 200, 0.05
    began = time.monotonic()
    with pytest.raises(VendorError):
        CALLS[call](receiver.url)
    assert time.monotonic() - began < 9, "it drips for ten seconds"


@pytest.mark.parametrize("call", ["khalti looks up", "stripe looks up"])
def test_an_answer_that_is_packed_to_burst(receiver: Receiver, call: str) -> None:
    receiver.headers = {"Content-Encoding": "gzip"}
    receiver.body = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    with pytest.raises(VendorError):
        CALLS[call](receiver.url)


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_connection_is_a_vendor_error(call: str) -> None:
    with pytest.raises(VendorError):
        CALLS[call]("http://127.0.0.1:1")


@pytest.mark.parametrize("call", CALLS)
def test_a_vendor_that_does_not_answer_is_given_up(
    receiver: Receiver, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "TIMEOUT", (1, 0.1))
    monkeypatch.setattr("powerbank.integrations.stripe.client.TIMEOUT", (1, 0.1))
    receiver.body, receiver.seconds_between_bytes = b"{}", 1
    with pytest.raises(VendorError):
        CALLS[call](receiver.url)


@pytest.mark.parametrize("client", [khalti, stripe_])
def test_connections_are_used_again(receiver: Receiver, client: Any) -> None:
    receiver.body = b'{"pidx": "pidx", "status": "Pending"}'
    gateway = client(receiver.url)
    for _ in range(3):
        with contextlib.suppress(VendorError):
            gateway.look_up_payment("pidx", amount=5000, currency="NPR")
    assert len(receiver.got) == 3
    assert len({got.peer for got in receiver.got}) == 1


@pytest.mark.parametrize(
    ("ask", "times"),
    [
        (lambda client: client.look_up_payment("pidx", amount=5000, currency="NPR"), 2),
        (lambda client: client.open_payment(ORDER, key="k"), 1),
        (lambda client: client.refund("number", amount=5000, currency="NPR", key="k"), 1),
    ],
    ids=["look up", "open", "refund"],
)
def test_only_requests_that_change_nothing_are_repeated(
    vendors: Sandbox, ask: Callable[[Khalti], Any], times: int
) -> None:
    base, secret = f"{vendors.url}/khalti/api/v2", vendors.accounts.khalti_secret
    vendors.faults.set("khalti", "drop", times=5)
    with pytest.raises(VendorError):
        ask(Khalti(url=base, secret=secret, website_url="http://127.0.0.1:1"))
    assert vendors.faults.all()[0]["times"] == 5 - times


def test_a_netrc_file_changes_no_key(receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    receiver.body = b"{}"
    for call in ("khalti looks up", "stripe looks up"):
        with pytest.raises((VendorError, VendorRefusedError)):
            CALLS[call](receiver.url)
    keys = [got.headers["authorization"] for got in receiver.got]
    assert keys == ["Key secret-of-ours", "Bearer secret-of-ours"]
