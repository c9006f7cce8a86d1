"""Khalti as documented: what the lookup says, with which status, and what comes back with the browser."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from scripts.sandbox import Sandbox
from tests.receiver import Receiver, receiving

Ask = Callable[..., requests.Response]


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def ask(sandbox: Sandbox, http: requests.Session) -> Ask:
    def ask(path: str, *, key: str = "Key sandbox-khalti-secret", **body: Any) -> requests.Response:
        headers = {"Authorization": key} if key else {}
        return http.post(f"{sandbox.url}/khalti/api/{path}", json=body, headers=headers, timeout=10)

    return ask


@pytest.fixture
def wanted(shop: Receiver) -> dict[str, Any]:
    return {
        "return_url": f"{shop.url}/return",
        "website_url": shop.url,
        "amount": 15000,
        "purchase_order_id": "order-1",
        "purchase_order_name": "Top-up",
    }


@pytest.fixture
def pidx(ask: Ask, wanted: dict[str, Any]) -> str:
    return ask("v2/epayment/initiate/", **wanted).json()["pidx"]


@pytest.fixture
def turn(sandbox: Sandbox, http: requests.Session, pidx: str) -> Callable[..., requests.Response]:
    def turn(outcome: str, **more: Any) -> requests.Response:
        url = f"{sandbox.url}/api/gateways/khalti/payments/{pidx}/outcome"
        return http.post(url, json={"outcome": outcome, **more}, timeout=20)

    return turn


def look_up(ask: Ask, pidx: str) -> tuple[int, str, Any]:
    answer = ask("v2/epayment/lookup/", pidx=pidx)
    return answer.status_code, answer.json()["status"], answer.json()["transaction_id"]


def test_a_link_is_made_and_waits(sandbox: Sandbox, ask: Ask, wanted: dict[str, Any]) -> None:
    answer = ask("v2/epayment/initiate/", **wanted, merchant_extra="x").json()
    assert answer["payment_url"] == f"{sandbox.url}/pay/khalti/{answer['pidx']}"
    assert answer["expires_at"].endswith("+05:45")
    assert (answer["expires_in"], answer["merchant_extra"]) == (1800, "x")
    assert look_up(ask, answer["pidx"]) == (200, "Initiated", None)
    assert ask("v2/epayment/initiate/", **wanted).json()["pidx"] != answer["pidx"]  # nothing is recognised


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"amount": 999}, "amount"),
        ({"amount": "ten"}, "amount"),
        ({"amount": 15.5}, "amount"),
        ({"return_url": "nowhere"}, "return_url"),
        ({"website_url": ""}, "website_url"),
        ({"purchase_order_id": None}, "purchase_order_id"),
        ({"amount_breakdown": [{"label": "all", "amount": 1}]}, "amount_breakdown"),
    ],
)
def test_a_wrong_field_is_named(ask: Ask, wanted: dict[str, Any], changed: dict[str, Any], field: str) -> None:
    answer = ask("v2/epayment/initiate/", **{**wanted, **changed})
    assert answer.status_code == 400
    assert answer.json()["error_key"] == "validation_error"
    assert set(answer.json()) == {field, "error_key"}
    assert isinstance(answer.json()[field], list)


@pytest.mark.parametrize("key", ["", "Key wrong", "Bearer sandbox-khalti-secret"])
def test_a_wrong_key_is_refused(ask: Ask, wanted: dict[str, Any], key: str) -> None:
    answer = ask("v2/epayment/initiate/", key=key, **wanted)
    assert (answer.status_code, answer.json()["status_code"]) == (401, 401)


def test_the_key_is_taken_in_small_letters_too(ask: Ask, wanted: dict[str, Any]) -> None:
    assert ask("v2/epayment/initiate/", key="key sandbox-khalti-secret", **wanted).status_code == 200


def test_an_unknown_payment_is_a_404(ask: Ask) -> None:
    answer = ask("v2/epayment/lookup/", pidx="nobody")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found.", "error_key": "validation_error"})


@pytest.mark.parametrize(
    ("outcome", "status", "said", "returned"),
    [
        ("completed", 200, "Completed", "Completed"),
        ("pending", 200, "Pending", "Pending"),
        ("ambiguous", 200, "Pending", "Pending"),
        ("cancelled", 400, "User canceled", "User canceled"),
        ("failed", 400, "Expired", "User canceled"),
        ("expired", 400, "Expired", None),
    ],
)
def test_each_outcome_has_khaltis_status_and_way_back(
    ask: Ask, pidx: str, turn: Any, shop: Receiver, outcome: str, status: int, said: str, returned: str | None
) -> None:
    notified = turn(outcome, notify=True).json()["notified"]
    found = look_up(ask, pidx)
    assert found[:2] == (status, said)
    assert (found[2] is not None) == (outcome == "completed")
    assert [one["status"] for one in notified] == ([200] if returned else [])
    if returned:
        query = parse_qs(urlsplit(shop.got[0].path).query, keep_blank_values=True)
        assert query == {
            "pidx": [pidx],
            "transaction_id": [found[2] or ""],
            "tidx": [found[2] or ""],
            "amount": ["15000"],
            "total_amount": ["15000"],
            "mobile": ["98XXXXX000"] if found[2] else [""],
            "status": [returned],
            "purchase_order_id": ["order-1"],
            "purchase_order_name": ["Top-up"],
        }


def test_what_is_pending_settles_later(ask: Ask, pidx: str, turn: Any) -> None:
    turn("pending")
    assert look_up(ask, pidx) == (200, "Pending", None)
    turn("completed")
    assert look_up(ask, pidx)[:2] == (200, "Completed")


def test_callbacks_are_lost_or_come_often(turn: Any, shop: Receiver) -> None:
    turn("completed")
    assert shop.got == []
    turn("completed", repeat=3)
    assert len(shop.got) == 3
    assert len({got.path for got in shop.got}) == 1


def test_a_payer_may_pay_another_amount(ask: Ask, pidx: str, turn: Any) -> None:
    turn("completed", amount=14000)
    assert ask("v2/epayment/lookup/", pidx=pidx).json()["total_amount"] == 14000


def test_a_paid_one_does_not_become_unpaid(ask: Ask, pidx: str, turn: Any) -> None:
    turn("completed")
    assert turn("expired").status_code == 409
    assert look_up(ask, pidx)[:2] == (200, "Completed")


def test_refunds_flip_what_the_lookup_says(ask: Ask, pidx: str, turn: Any) -> None:
    assert turn("completed").json()["payment"]["refunded"] == "0.00"
    number = look_up(ask, pidx)[2]
    path = f"merchant-transaction/{number}/refund/"
    assert "detail" in ask(path, amount=5000).json()
    assert look_up(ask, pidx)[1] == "Partially Refunded"
    assert ask(path, amount=10001).status_code == 400
    assert ask(path).status_code == 200
    assert look_up(ask, pidx)[1] == "Refunded"
    assert ask(path).status_code == 400
    assert ask("merchant-transaction/nobody/refund/").status_code == 404
    paid = turn("completed").json()["payment"]
    assert paid["refunded"] == paid["amount"]


def test_a_refund_to_a_bank_needs_a_number(sandbox: Sandbox, ask: Ask, pidx: str, turn: Any) -> None:
    sandbox.faults.set("khalti", "paid_by_bank", times=1)
    turn("completed")
    path = f"merchant-transaction/{look_up(ask, pidx)[2]}/refund/"
    assert ask(path).json()["mobile"] == ["This field is required."]
    assert ask(path, mobile="9800000001").status_code == 200


def test_a_payment_can_be_accepted_without_an_answer(sandbox: Sandbox, ask: Ask, wanted: dict[str, Any]) -> None:
    sandbox.faults.set("khalti", "hang_after_success", times=1, seconds=0, match="initiate")
    with pytest.raises(requests.ConnectionError):
        ask("v2/epayment/initiate/", **wanted)
    assert len(sandbox.world.gateways.newest_first()) == 1
