"""What gateways sent is shown without what it says of the payer."""

import json

import pytest

from powerbank.payments.webhooks.masking import HIDDEN, mask_body, mask_query


def test_what_belongs_to_the_payer_is_left_out_wherever_it_stands() -> None:
    body = {
        "id": "evt_1",
        "amount": 15000,
        "data": {"object": {"customer_details": {"email": "a@b.np", "address": {"line1": "Thamel"}}, "status": "paid"}},
        "payer": [{"mobile": 9841234567}],
        "note": "call 9841234567 or write to sita@example.com now",
    }
    shown = json.loads(mask_body(json.dumps(body).encode()))
    assert (shown["id"], shown["amount"], shown["data"]["object"]["status"]) == ("evt_1", 15000, "paid")
    assert shown["data"]["object"]["customer_details"] == {"email": HIDDEN, "address": {"line1": HIDDEN}}
    assert shown["payer"] == [{"mobile": HIDDEN}]
    assert shown["note"] == f"call {HIDDEN} or write to {HIDDEN} now"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"pidx=P1&mobile=9841234567", f"pidx = P1\nmobile = {HIDDEN}"),
        (b"\xff\xfe\x00", "3 bytes"),
        (b"", ""),
        (b"[" * 50_000, "[" * 20_000),
        (b"plain words of sita@example.com", f"plain words of {HIDDEN}"),
    ],
)
def test_whatever_came_is_shown(body: bytes, shown: str) -> None:
    assert mask_body(body) == shown


def test_the_fields_of_an_address_stand_below_one_another() -> None:
    assert mask_query("status=Completed&user_name=Sita&ref=9841234567") == (
        f"status = Completed\nuser_name = {HIDDEN}\nref = {HIDDEN}"
    )
