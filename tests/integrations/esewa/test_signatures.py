"""eSewa's signatures: what is genuine, and what was changed."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerbank.integrations.esewa.signatures import sign, verify_redirect
from powerbank.integrations.gateway import (
    ForgedError,
    OpenedPayment,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
SECRET = "8gBm/:&EnhH.1/q"
# The first text that hypothesis makes takes seconds on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


ALL = "transaction_code,status,total_amount,transaction_uuid,product_code,signed_field_names"


# The documentation prints this example.
GENUINE = {
    "transaction_code": "000AWEO",
    "status": "COMPLETE",
    "total_amount": "1000.0",
    "transaction_uuid": "250610-162413",
    "product_code": "EPAYTEST",
    "signed_field_names": ALL,
    "signature": "62GcfZTmVkzhtUeh+QJ1AqiJrjoWWGof3U+eTPTZ7fA=",
}


def data(fields: Any, *, number: bool = True) -> str:
    text = json.dumps(fields)
    if number:
        text = text.replace('"1000.0"', "1000.0")
    return base64.b64encode(text.encode()).decode()


def verify(text: str) -> dict[str, str]:
    return verify_redirect(text, secret=SECRET, product_code="EPAYTEST")


def test_the_documented_form_is_signed_as_documented() -> None:
    fields = {"total_amount": "110", "transaction_uuid": "241028", "product_code": "EPAYTEST"}
    signed = sign(fields, "total_amount,transaction_uuid,product_code", SECRET)
    assert signed == "i94zsd3oXF6ZsSr/kGqT4sSzYQzjj1W/waxjWyRwaME="


@pytest.mark.parametrize("number", [True, False])
def test_the_documented_way_back_is_genuine(number: bool) -> None:
    assert verify(data(GENUINE, number=number)) == {n: v for n, v in GENUINE.items() if n != "signature"}


@pytest.mark.parametrize(
    "fields",
    [
        GENUINE | {"total_amount": "2000.0"},
        GENUINE | {"total_amount": "1000"},
        GENUINE | {"total_amount": "1000.00"},
        GENUINE | {"status": "PENDING"},
        GENUINE | {"transaction_uuid": "250610-162414"},
        GENUINE | {"signature": ""},
        GENUINE | {"signature": None},
        GENUINE | {"signature": "ü"},
        {name: value for name, value in GENUINE.items() if name != "signature"},
        {name: value for name, value in GENUINE.items() if name != "signed_field_names"},
        {name: value for name, value in GENUINE.items() if name != "status"},
        GENUINE | {"signed_field_names": "total_amount,transaction_uuid,product_code"},
        GENUINE | {"signed_field_names": ALL + ",status"},
        GENUINE | {"signed_field_names": ALL + ",more"},
        GENUINE | {"signed_field_names": ""},
        GENUINE | {"signed_field_names": 5},
        [],
        "text",
        5,
        None,
        {},
    ],
)
def test_a_changed_answer_counts_as_forged(fields: Any) -> None:
    with pytest.raises(ForgedError):
        verify(data(fields))


def test_a_shortened_list_with_our_own_forms_signature_is_forged(opened: OpenedPayment) -> None:
    assert opened.form is not None
    form = opened.form.fields
    forged = GENUINE | {
        "total_amount": form["total_amount"],
        "transaction_uuid": form["transaction_uuid"],
        "signed_field_names": form["signed_field_names"],
        "signature": form["signature"],
    }
    assert sign(forged, forged["signed_field_names"], SECRET) == forged["signature"]  # it is a good one
    with pytest.raises(ForgedError):
        verify(data(forged))


def test_the_way_back_of_another_merchant_is_forged() -> None:
    fields = GENUINE | {"product_code": "SOMEBODY"}
    with pytest.raises(ForgedError):
        verify(data(fields | {"signature": sign(fields, ALL, SECRET)}))


def test_a_name_that_comes_twice_is_forged() -> None:
    text = base64.b64decode(data(GENUINE)).decode()
    twice = '{"status": "COMPLETE", ' + text[1:]
    with pytest.raises(ForgedError):
        verify(base64.b64encode(twice.encode()).decode())


@pytest.mark.parametrize("text", ["", "=", "%%%", "e30", "bnVsbA==", "A" * 10_000, "\ud800", "W1tbWw==", "ünicode"])
def test_an_answer_without_data_counts_as_forged(text: str) -> None:
    with pytest.raises(ForgedError):
        verify(text)


@unhurried
@given(st.dictionaries(st.sampled_from([*GENUINE, "more"]), JSON | st.sampled_from([*GENUINE.values()])))
def test_any_object_is_genuine_or_forged(fields: dict[str, Any]) -> None:
    encoded = base64.b64encode(json.dumps(fields).encode()).decode()
    with pytest.raises(ForgedError):
        verify(encoded)


@unhurried
@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_any_text_is_genuine_or_forged(text: str) -> None:
    with pytest.raises(ForgedError):
        verify(text)


@unhurried
@given(st.sampled_from(sorted(GENUINE)), st.text())
def test_no_single_change_goes_unseen(name: str, value: str) -> None:
    with contextlib.suppress(ForgedError):
        assert verify(data(GENUINE | {name: value}, number=False))[name] == GENUINE[name]
