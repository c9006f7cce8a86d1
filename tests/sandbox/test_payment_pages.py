"""The payment pages as a person uses them, and the same over JSON."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.accounts import Accounts
from scripts.sandbox.testing import running
from tests.receiver import Receiver, receiving


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def initiate(sandbox: Sandbox, http: requests.Session, back: str, name: str = "Top-up") -> str:
    wanted = {
        "return_url": back,
        "website_url": back,
        "amount": 15000,
        "purchase_order_id": "order-1",
        "purchase_order_name": name,
    }
    headers = {"Authorization": f"Key {sandbox.accounts.khalti_secret}"}
    url = f"{sandbox.url}/khalti/api/v2/epayment/initiate/"
    return http.post(url, json=wanted, headers=headers, timeout=10).json()["payment_url"]


def press(http: requests.Session, page: str, outcome: str, **more: str) -> requests.Response:
    return http.post(page, data={"outcome": outcome, **more}, allow_redirects=False, timeout=10)


def test_a_page_offers_what_can_happen_and_loads_nothing_from_elsewhere(
    sandbox: Sandbox, http: requests.Session, shop: Receiver
) -> None:
    answer = http.get(initiate(sandbox, http, shop.url, name="<b>Top-up</b>"), timeout=10)
    for outcome in ("completed", "pending", "cancelled", "failed", "expired"):
        assert f'value="{outcome}"' in answer.text
    assert "150.00" in answer.text
    assert "<b>Top-up" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for asset in ("inbox.css", "pay.css", "icon.svg"):
        assert f'"/static/{asset}"' in answer.text
        assert http.get(f"{sandbox.url}/static/{asset}", timeout=10).status_code == 200


def test_paying_sends_the_browser_back(sandbox: Sandbox, http: requests.Session, shop: Receiver) -> None:
    page = initiate(sandbox, http, f"{shop.url}/return")
    answer = press(http, page, "completed")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"{shop.url}/return?pidx=")
    assert "status=Completed" in answer.headers["Location"]
    assert shop.got == []  # the browser goes there, not the sandbox
    assert 'value="completed"' not in http.get(page, timeout=10).text
    assert press(http, page, "cancelled").status_code == 409


def test_a_way_back_is_lost(sandbox: Sandbox, http: requests.Session, shop: Receiver) -> None:
    answer = press(http, initiate(sandbox, http, shop.url), "completed", lose="on")
    assert (answer.status_code, "Location" in answer.headers) == (200, False)
    assert "Completed" in answer.text


def test_a_link_that_expires_leads_nowhere(sandbox: Sandbox, http: requests.Session, shop: Receiver) -> None:
    answer = press(http, initiate(sandbox, http, shop.url), "expired")
    assert (answer.status_code, "Location" in answer.headers) == (200, False)


def test_nobody_is_sent_or_called_beyond_this_machine(sandbox: Sandbox, http: requests.Session) -> None:
    page = initiate(sandbox, http, "https://shop.example/return")
    answer = press(http, page, "completed")
    assert (answer.status_code, "Location" in answer.headers) == (409, False)
    assert 'href="https://shop.example' not in answer.text
    url = page.replace("/pay/", "/api/gateways/").replace("/khalti/", "/khalti/payments/") + "/outcome"
    told = http.post(url, json={"outcome": "completed", "notify": True}, timeout=10).json()["notified"]
    assert "only this machine" in told[0]["error"]


@pytest.mark.parametrize(
    "back", ["http://127.0.0.1@shop.example/", "http://127.0.0.1.shop.example/", "ftp://localhost/"]
)
def test_names_that_only_look_near_are_far(sandbox: Sandbox, http: requests.Session, back: str) -> None:
    from scripts.sandbox.outside import may_reach

    assert not may_reach(sandbox.world, back)


def test_a_configured_host_is_near(http: requests.Session) -> None:
    with running(Accounts(reachable_hosts=frozenset({"shop.example"}))) as sandbox:
        page = initiate(sandbox, http, "https://shop.example/return")
        assert press(http, page, "completed").headers["Location"].startswith("https://shop.example/return?")


def test_an_unknown_payment_is_not_found(sandbox: Sandbox, http: requests.Session) -> None:
    for path in ("/pay/khalti/nobody", "/pay/nobody/1"):
        answer = http.get(f"{sandbox.url}{path}", timeout=10)
        assert (answer.status_code, "no such payment" in answer.text) == (404, True)
    for gateway in ("khalti", "nobody"):
        url = f"{sandbox.url}/api/gateways/{gateway}/payments/1/outcome"
        assert http.post(url, json={"outcome": "completed"}, timeout=10).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        None,
        {},
        {"outcome": "eaten"},
        {"outcome": "disputed"},
        {"outcome": "completed", "repeat": 0},
        {"outcome": "completed", "amount": -1},
        {"outcome": "completed", "colour": "red"},
    ],
)
def test_an_outcome_that_makes_no_sense(sandbox: Sandbox, http: requests.Session, shop: Receiver, asked: Any) -> None:
    page = initiate(sandbox, http, shop.url)
    url = page.replace("/pay/khalti/", "/api/gateways/khalti/payments/") + "/outcome"
    assert http.post(url, json=asked, timeout=10).status_code == 400
    assert press(http, page, "eaten").status_code == 409


def test_payments_are_listed_newest_first(sandbox: Sandbox, http: requests.Session, shop: Receiver) -> None:
    first, second = initiate(sandbox, http, shop.url, "first"), initiate(sandbox, http, shop.url, "second")
    items = http.get(f"{sandbox.url}/api/payments", timeout=10).json()["items"]
    assert [(item["title"], item["page"]) for item in items] == [("second", second), ("first", first)]
    assert (items[0]["gateway"], items[0]["amount"], items[0]["currency"]) == ("khalti", "150.00", "NPR")
    assert (items[0]["status"], items[0]["open"]) == ("Initiated", True)
    sandbox.reset()
    assert http.get(f"{sandbox.url}/api/payments", timeout=10).json()["items"] == []


def test_webhooks_go_to_this_machine_only(sandbox: Sandbox, http: requests.Session) -> None:
    for url in ("https://shop.example/hook", 5, None):
        assert http.put(f"{sandbox.url}/stripe/webhook", json={"url": url}, timeout=10).status_code == 400
