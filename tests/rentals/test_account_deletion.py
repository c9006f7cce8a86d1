"""The deletion of an account: not with an open rental or a due, and the records of money stay."""

from flask import Flask

from tests.ledger.conftest import assert_books_are_right
from tests.people import rows
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Out, Renter

RUPEES = "SELECT p::text FROM ledger_postings p WHERE currency = 'NPR' ORDER BY 1"


def leave(person: Renter) -> tuple[int, str | None]:
    answer = person.client.delete("/api/users/me", headers=person.headers)
    return answer.status_code, answer.get_json()["code"] if answer.status_code != 204 else None


def test_account_with_an_open_rental_or_a_due_cannot_be_deleted(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=60 * 26, price="50.00", wallet="50.00")
    assert leave(sita) == (409, "open_rental_exists")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["status"] == "completed"
    assert leave(sita) == (409, "outstanding_due")
    assert sita.get("/users/me")["phone"]
    assert rows(app, "SELECT count(*) FROM sessions WHERE ended_at IS NOT NULL") == [(0,)]


def test_ledger_keeps_the_money_of_a_deleted_account(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, _ = out(price="50.00", wallet="80.00")
    cabinets.take_back("A-1")
    before = rows(app, RUPEES)
    assert leave(sita) == (204, None)
    assert rows(app, RUPEES) == before
    assert rows(app, "SELECT status, user_id FROM rentals") == [("completed", sita.id)]
    assert rows(app, "SELECT status, username FROM users") == [("deleted", f"deleted:{sita.id.hex[-20:]}")]
    with app.app_context():
        assert_books_are_right()
