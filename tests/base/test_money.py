"""Amounts of money as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from powerbank.api.fields import Money
from powerbank.base import money


class AmountSchema(Schema):
    amount = Money(required=True)
    change = Money(least=None)


def load(value: object, name: str = "amount") -> int:
    return int(AmountSchema(partial=True).load({name: value})[name])


@pytest.mark.parametrize(
    ("written", "paisa"),
    [
        ("150", 150_00),
        ("150.5", 150_50),
        ("150.00", 150_00),
        ("0.01", 1),
        ("00000000150", 150_00),
        ("99999999999", 99_999_999_999_00),
    ],
)
def test_a_written_amount_is_read_as_paisa(written: str, paisa: int) -> None:
    assert money.parse_amount(written) == paisa


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "1 ",
        " 1",
        "1.",
        ".5",
        "1.234",
        "1,000.00",
        "1e3",
        "1E3",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "+1",
        "0x10",
        "--1",
        "1_000",
        "१५०",
        "１５０",
        "1.٥",
        "150.00\n",
        "150.00\x00",
        "Rs 150",
        "999999999999",
        "1" * 400,
    ],
)
def test_a_text_that_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        money.parse_amount(written)
    with pytest.raises(ValidationError):
        load(written)
    with pytest.raises(ValidationError):
        load(written, "change")


@pytest.mark.parametrize("value", [150, 150.0, True, None, [], {}, ["1"], "0", "0.00", "-1", "-0", "100000000000.00"])
def test_a_route_refuses_other_values_than_amounts(value: object) -> None:
    with pytest.raises(ValidationError):
        load(value)


def test_a_change_may_be_negative_but_not_nothing() -> None:
    assert load("-150.00", "change") == -150_00
    for nothing in ("0", "-0.00"):
        with pytest.raises(ValidationError):
            load(nothing, "change")


@given(st.integers(-money.MOST + 1, money.MOST - 1))
def test_an_amount_survives_writing_and_reading(paisa: int) -> None:
    assert money.parse_amount(money.format_amount(paisa)) == paisa


def test_points_have_no_decimals() -> None:
    assert (money.format_in_currency(150, "PTS"), money.format_in_currency(-150, "NPR")) == ("150", "-1.50")
