"""The fees of an ended rental: taken, owed, and paid later."""

from collections.abc import Callable

import pytest
from flask import Flask

from powerbank.base.db import transaction
from tests.ledger.conftest import top_up
from tests.people import change, rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out


def test_fee_without_money_becomes_a_due_that_blocks_renting(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=190, minutes=60, wallet="53.00", price="50.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["overdue_amount"], found["due_amount"], found["amount_paid"]) == ("15.00", "12.00", "53.00")
    assert sita.wallet() == ("0.00", "0.00", 5, "12.00")
    refused = sita.initiate(package())  # type: ignore[arg-type]
    assert (refused.status_code, refused.get_json()["code"]) == (403, "outstanding_due")
    short = sita.post(f"/rentals/{rental_id}/pay-due", {"payment_method": "wallet_only"})
    assert (short.status_code, short.get_json()["shortfall"]) == (402, "12.00")
    with app.app_context(), transaction():
        top_up(sita.id, 20_00)
    paid = sita.post(f"/rentals/{rental_id}/pay-due", {"payment_method": "wallet_only"})
    assert (paid.status_code, paid.get_json()["paid"]) == (200, "12.00")
    again = sita.post(f"/rentals/{rental_id}/pay-due", {"payment_method": "wallet_only"})
    assert (again.status_code, again.get_json()["code"]) == (409, "nothing_due")
    assert sita.wallet() == ("8.00", "0.00", 5, "0.00")
    assert sita.rental(rental_id)["amount_paid"] == "65.00"


@pytest.mark.parametrize(("minutes", "fee"), [(0.2, "10.00"), (29, "10.00"), (31, "20.00"), (59, "20.00")])
def test_postpaid_rental_is_charged_by_started_units_from_the_deposit(
    out: Out, cabinets: Cabinets, minutes: float, fee: str
) -> None:
    sita, rental_id = out(ago=minutes, minutes=120, unit=(30, "10.00"), price="0.00")
    assert sita.wallet()[:2] == ("400.00", "100.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["amount_paid"], found["due_amount"]) == (fee, "0.00")
    assert sita.wallet()[1] == "0.00"


def test_overdue_postpaid_rental_pays_only_the_overdue_fee_after_the_due_time(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60, unit=(30, "10.00"), price="0.00")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["amount_paid"] == "25.00"  # two units, one hour


def test_edit_of_a_package_does_not_change_a_rental(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60, price="50.00")
    change(app, "UPDATE packages SET price = 99900, duration_minutes = 1")
    change(app, """INSERT INTO app_config (key, value, updated_by) VALUES ('overdue_rate_per_hour', '"99.00"', 'x')""")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["amount_paid"] == "55.00"


def test_what_is_missing_is_missing_for_all_dues_of_a_rental(app: Flask, out: Out, cabinets: Cabinets) -> None:
    """The usage and the overdue time are two dues. Who tops up by the shortfall can pay both."""
    sita, rental_id = out(ago=190, minutes=60, unit=(30, "60.00"), price="0.00", wallet="100.00")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["due_amount"] == "35.00"
    assert rows(app, "SELECT amount FROM ledger_dues ORDER BY id") == [(20_00,), (15_00,)]
    short = sita.post(f"/rentals/{rental_id}/pay-due", {"payment_method": "wallet_only"})
    assert (short.status_code, short.get_json()["shortfall"]) == (402, "35.00")
    with app.app_context(), transaction():
        top_up(sita.id, 35_00)
    assert sita.post(f"/rentals/{rental_id}/pay-due", {"payment_method": "wallet_only"}).get_json()["paid"] == "35.00"
