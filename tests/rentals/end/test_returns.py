"""From the bank in the hand to the settled return, in whatever order the news comes."""

from collections.abc import Callable

import pytest
from flask import Flask

from jobs.rentals import run_sweep
from powerbank.base.db import transaction, utcnow
from powerbank.rentals import sweeps
from tests.ledger.conftest import top_up
from tests.people import change
from tests.rentals import rentals_in_states
from tests.rentals.conftest import MINUTE, Cabinets, Renter, make_older
from tests.stations.conftest import Make

Out = Callable[..., tuple[Renter, str]]


def swept(app: Flask, cabinets: Cabinets) -> None:
    with app.app_context():
        now = utcnow()
        run_sweep(sweeps.overdue_step(now), sweeps.loss_step(now), *sweeps.stuck_steps(now))
    cabinets.work()


def test_brought_back_in_time_anywhere(out: Out, cabinets: Cabinets, make_station: Make) -> None:
    sita, rental_id = out(ago=30)
    make_station("B")
    cabinets.take_back("A-1", "B", 2)
    found = sita.rental(rental_id)
    assert (found["status"], found["is_returned_on_time"]) == ("completed", True)
    assert (found["return_station"]["sn"], found["overdue_amount"], found["due_amount"]) == ("B", "0.00", "0.00")
    assert sita.wallet() == ("450.00", "0.00", 15, "0.00"), "and earns points for it"
    assert sita.get("/users/me/usage")["rentals"] == 1
    assert sita.get("/users/me/usage")["minutes"] == 30


def test_an_overdue_rental_says_so_and_shows_what_runs_up(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=130, minutes=60)
    swept(app, cabinets)
    found = sita.rental(rental_id)
    assert (found["status"], found["overdue_amount"]) == ("overdue", "10.00")
    assert sita.wallet()[0] == "450.00", "nothing is taken before it ends"
    cabinets.take_back("A-1")
    assert sita.wallet()[0] == "440.00"


def test_what_cannot_be_paid_is_owed_and_blocks_until_it_is_paid(
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
def test_paid_afterwards_by_the_started_unit_from_the_deposit(
    out: Out, cabinets: Cabinets, minutes: float, fee: str
) -> None:
    sita, rental_id = out(ago=minutes, minutes=120, unit=(30, "10.00"), price="0.00")
    assert sita.wallet()[:2] == ("400.00", "100.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["amount_paid"], found["due_amount"]) == (fee, "0.00")
    assert sita.wallet()[1] == "0.00"


def test_paid_afterwards_and_late_the_overdue_rate_alone_counts_after_the_due_time(
    out: Out, cabinets: Cabinets
) -> None:
    sita, rental_id = out(ago=90, minutes=60, unit=(30, "10.00"), price="0.00")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["amount_paid"] == "25.00"  # two units, one hour


def test_two_news_of_one_return_bill_once(out: Out, cabinets: Cabinets, app: Flask) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    cabinets.take_back("A-1", times=3)
    cabinets.old_news_of(rental_id, "A-1", at=utcnow())
    assert sita.wallet()[0] == "445.00"
    assert [each["event"] for each in sita.rental(rental_id)["timeline"]].count("returned") == 1


def test_given_back_at_once_and_paid_back_once_a_day(
    out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=2, price="50.00")
    asked = sita.post(f"/rentals/{rental_id}/cancel")
    assert (asked.status_code, asked.get_json()["status"]) == (200, "active")
    cabinets.take_back("A-1", slot=1)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[0] == "500.00"
    second = sita.initiate(package()).get_json()["rental_id"]  # type: ignore[arg-type]
    cabinets.work()
    cabinets.ejects()
    cabinets.take_back("A-1", slot=1)
    refused = sita.post(f"/rentals/{second}/cancel")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "cancelled_today")
    assert sita.wallet()[0] == "450.00"


def test_asked_for_after_the_bank_is_back(out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=2)
    cabinets.take_back("A-1", slot=1)
    assert sita.post(f"/rentals/{rental_id}/cancel").get_json()["status"] == "cancelled"
    assert sita.wallet()[0] == "500.00"


def test_back_after_the_window_it_goes_on_as_usual(out: Out, cabinets: Cabinets, app: Flask) -> None:
    sita, rental_id = out(ago=2)
    sita.post(f"/rentals/{rental_id}/cancel")
    cabinets.take_back("A-1", slot=1, at=utcnow() + 4 * MINUTE)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "450.00"


def test_more_time(app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]) -> None:
    sita, rental_id = out(ago=30, minutes=60, price="50.00")
    before = sita.rental(rental_id)["due_at"]
    more = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00", minutes=45))})
    assert more.status_code == 200
    assert more.get_json()["amount_paid"] == "80.00"
    assert more.get_json()["due_at"] > before
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["is_returned_on_time"] is True
    again = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package())})
    assert (again.status_code, again.get_json()["code"]) == (409, "not_extendable")


def test_more_time_while_overdue_pays_what_is_overdue_first_and_is_late_all_the_same(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, rental_id = out(ago=90, minutes=60, price="50.00")
    swept(app, cabinets)
    more = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00"))})
    assert (more.get_json()["status"], more.get_json()["amount_paid"]) == ("active", "85.00")
    cabinets.take_back("A-1")
    found = sita.rental(rental_id)
    assert (found["overdue_amount"], found["is_returned_on_time"]) == ("5.00", False)
    assert sita.wallet()[0] == "415.00"


def test_without_the_money_for_it_nothing_is_extended(out: Out, package: Callable[..., object]) -> None:
    sita, rental_id = out(ago=90, minutes=60, wallet="60.00")
    refused = sita.post(f"/rentals/{rental_id}/extend", {"package_id": str(package(price="30.00"))})
    assert (refused.status_code, refused.get_json()["shortfall"]) == (402, "25.00")
    assert sita.wallet()[0] == "10.00"


def test_a_reminder_comes_once_and_not_after_an_extension(
    app: Flask, out: Out, cabinets: Cabinets, package: Callable[..., object]
) -> None:
    sita, _ = out(ago=50, minutes=60)
    cabinets.work()
    titles = [each["title"] for each in sita.get("/notifications")["items"]]
    assert titles.count("Your rental ends soon") == 1


def test_provisional_until_the_self_test(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=30)
    cabinets.take_back("A-1", provisional=True)
    assert sita.rental(rental_id)["status"] == "active"
    cabinets.self_test("A-1", rental_id, passed=True)
    assert sita.rental(rental_id)["status"] == "completed"


def test_package_edited_during_a_rental(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60, price="50.00")
    change(app, "UPDATE packages SET price = 99900, duration_minutes = 1")
    change(app, """INSERT INTO app_config (key, value, updated_by) VALUES ('overdue_rate_per_hour', '"99.00"', 'x')""")
    cabinets.take_back("A-1")
    assert sita.rental(rental_id)["amount_paid"] == "55.00"


def test_news_that_was_lost_is_made_good_by_the_sweep(app: Flask, out: Out, cabinets: Cabinets) -> None:
    sita, rental_id = out(ago=90, minutes=60)
    with app.app_context(), transaction():
        rentals_in_states.put_back("A-1", rentals_in_states.station_id("A"), 3, utcnow() - 2 * MINUTE)
    swept(app, cabinets)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "445.00"


def test_what_was_never_sent_is_given_back(
    app: Flask, renter: Callable[..., Renter], package: Callable[..., object], make_station: Make, cabinets: Cabinets
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]  # type: ignore[arg-type]
    make_older(app, 4)
    swept(app, cabinets)
    assert sita.rental(rental_id)["status"] == "cancelled"
    assert sita.wallet()[:2] == ("500.00", "0.00")
    assert cabinets.commands() == []


def test_a_dispute_holds_the_money_back_until_it_is_decided(
    app: Flask, out: Out, cabinets: Cabinets, staff_headers: Callable[..., dict[str, str]]
) -> None:
    sita, rental_id = out(ago=130, minutes=60)
    reported = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "returned", "description": "at B"})
    assert (reported.status_code, reported.get_json()["status"]) == (201, "open")
    cabinets.take_back("A-1", at=utcnow() + 120 * MINUTE)
    assert sita.rental(rental_id)["status"] == "completed"
    assert sita.wallet()[0] == "450.00", "nothing is collected"
    upheld = sita.client.post(
        f"/api/admin/rentals/{rental_id}/resolve",
        headers=staff_headers("support"),
        json={"action": "uphold", "case_id": reported.get_json()["id"], "reason": "the camera shows it"},
    )
    assert upheld.status_code == 200, upheld.text
    cabinets.work()
    assert sita.rental(rental_id)["overdue_amount"] == "10.00", "the meter ended with the report"
    assert sita.wallet()[0] == "440.00"


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("uphold", "We have checked what you reported about rental {}, and you were right."),
        ("dismiss", "We have checked what you reported about rental {} and could not confirm it. Reason: the camera."),
    ],
)
def test_who_reported_hears_what_staff_decided_also_where_no_money_moves(
    out: Out, cabinets: Cabinets, staff_headers: Callable[..., dict[str, str]], action: str, body: str
) -> None:
    sita, rental_id = out(ago=10, minutes=60)
    case = sita.post(f"/rentals/{rental_id}/report-issue", {"issue_type": "other", "description": "it hums"})
    decided = sita.client.post(
        f"/api/admin/rentals/{rental_id}/resolve",
        headers=staff_headers("support"),
        json={"action": action, "case_id": case.get_json()["id"], "reason": "the camera"},
    )
    assert decided.status_code == 200
    cabinets.work()
    told = [item for item in sita.get("/notifications")["items"] if item["type"].startswith("case_")]
    assert [item["body"] for item in told] == [body.format(sita.rental(rental_id)["rental_code"])]
    assert told[0]["data"]["case_id"] == case.get_json()["id"]
