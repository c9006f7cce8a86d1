"""A bank file is given to the bank's portal, and the bank's answers are taken over as a whole or not at all."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.payouts.sending import providers
from tests.payouts.conftest import ACCOUNT, books, payouts
from tests.people import Headers, change, rows

Fixture = Callable[..., Any]


@pytest.fixture
def batch(app: Flask, payee: Fixture, run_payouts: Fixture, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a batch with two payouts, as a network without connectIPS has it. Its name comes back."""
    without_npi = {name: each for name, each in app.extensions["payout_providers"].items() if name != "npi"}
    monkeypatch.setitem(app.extensions, "payout_providers", without_npi)
    for name in ("Bakery", "Cafe"):
        payee(name, 100_000)
    run_payouts()
    return str(rows(app, "SELECT batch FROM payouts LIMIT 1")[0].batch)


def answers(app: Flask, *results: str, **changed: str) -> bytes:
    lines = ["payout,amount,result,reference"]
    for row, result in zip(rows(app, "SELECT code FROM payouts ORDER BY id"), results, strict=True):
        lines.append(f"{changed.get('code', row.code)},{changed.get('amount', '1000.00')},{result},T-{result}")
    return "\r\n".join(lines).encode()


def test_a_file_is_written_and_its_answers_are_taken_over(
    app: Flask, client: FlaskClient, finance: Headers, boss: Headers, batch: str
) -> None:
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]
    written = client.get(f"/api/admin/payouts/bank-file?batch={batch}", headers=finance)
    assert written.content_type.startswith("text/csv")
    assert written.text.count("0123456789012") == 2
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    given = {"data": answers(app, "paid", "failed"), "content_type": "text/csv"}
    own = client.post(address, headers=finance, **given)
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_required")
    assert client.post(address, headers=boss, **given).get_json() == {"paid": 1, "failed": 1, "known": 0}
    assert [status for _, _, status in payouts(app)] == ["paid", "failed"]
    assert books(app) == {"gateway_clearing": 100_000, "partner_payable": 100_000}
    assert client.post(address, headers=boss, **given).get_json() == {"paid": 0, "failed": 0, "known": 2}
    [log] = rows(app, "SELECT count(*) AS taken FROM audit_log WHERE action = 'payouts.export_bank_file'")
    assert log.taken == 1


def test_nobody_who_ever_took_a_file_says_what_became_of_it(
    app: Flask, client: FlaskClient, finance: Headers, boss: Headers, staff_headers: Fixture, batch: str
) -> None:
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    given = {"data": answers(app, "paid", "failed"), "content_type": "text/csv"}
    for taker in (finance, boss):
        assert client.get(address, headers=taker).status_code == 200
    payout = rows(app, "SELECT id FROM payouts LIMIT 1")[0].id
    said = {"result": "paid", "reference": "T-1"}
    for taker in (finance, boss):
        own = client.post(address, headers=taker, **given)
        assert (own.status_code, own.get_json()["code"]) == (403, "second_person_required")
        assert client.post(f"/api/admin/payouts/{payout}/outcome", json=said, headers=taker).status_code == 403
    change(app, "UPDATE staff SET email = 'second@example.com' WHERE role = 'superadmin'")
    third = staff_headers("superadmin")
    assert client.post(address, headers=third, **given).get_json() == {"paid": 1, "failed": 1, "known": 0}


def test_of_a_file_that_nobody_took_who_asked_for_the_run_says_nothing(
    app: Flask, client: FlaskClient, finance: Headers, boss: Headers, batch: str
) -> None:
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    given = {"data": answers(app, "paid", "failed"), "content_type": "text/csv"}
    assert client.post(address, headers=finance, **given).status_code == 403
    change(app, "UPDATE payout_runs SET asked_by = 'schedule'")
    assert client.post(address, headers=boss, **given).status_code == 403, "nobody else stands behind it"
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]


def test_what_somebody_says_was_paid_is_in_no_file_and_is_not_paid_again(
    app: Flask,
    client: FlaskClient,
    finance: Headers,
    boss: Headers,
    batch: str,
    open_account: Fixture,
    work: Fixture,
) -> None:
    """One person has said that it was paid, without the file, and the other one has not said so yet."""
    change(app, "UPDATE payout_runs SET asked_by = 'schedule'")
    first = rows(app, "SELECT id, code, payee_id FROM payouts ORDER BY id LIMIT 1")[0]
    said = {"result": "paid", "reference": "T-1"}
    address = f"/api/admin/payouts/{first.id}/outcome"
    assert client.post(address, json=said, headers=finance).get_json()["status"] == "processing"
    assert first.code not in client.get(f"/api/admin/payouts/bank-file?batch={batch}", headers=boss).text
    open_account(str(first.payee_id))
    work("critical", "payments")
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]
    assert client.post(address, json=said, headers=boss).get_json()["status"] == "paid"


def test_a_file_that_nobody_has_taken_pays_no_account_that_was_replaced(
    app: Flask, client: FlaskClient, finance: Headers, batch: str, open_account: Fixture, work: Fixture
) -> None:
    """What stands in a taken file is at the bank already: its account stays."""
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    ids = {row.payee_name: str(row.payee_id) for row in rows(app, "SELECT payee_name, payee_id FROM payouts")}
    other = {**ACCOUNT, "account_number": "9876543210987"}
    open_account(ids["Bakery"], other, cooled=False)
    work("payments")
    assert payouts(app) == [("Bakery", 100_000, "failed"), ("Cafe", 100_000, "processing")]
    assert books(app) == {"partner_payable": 100_000, "payout_clearing": 100_000}
    assert client.get(address, headers=finance).text.count("0123456789012") == 1
    open_account(ids["Cafe"], other, cooled=False)
    work("payments")
    assert payouts(app)[1] == ("Cafe", 100_000, "processing")
    assert client.get(address, headers=finance).text.count("0123456789012") == 1


def test_nobody_brings_the_answer_about_their_own_payout(
    app: Flask, client: FlaskClient, finance: Headers, boss: Headers, batch: str
) -> None:
    [bakery] = rows(app, "SELECT payee_id FROM payouts WHERE payee_name = 'Bakery'")
    invite = {"email": "superadmin@example.com", "role": "viewer"}
    client.post(f"/api/admin/partners/{bakery.payee_id}/members", json=invite, headers=finance)
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    own = client.post(address, data=answers(app, "failed", "paid"), content_type="text/csv", headers=boss)
    assert (own.status_code, own.get_json()["code"]) == (403, "second_person_required")
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"amount": "1000.01"}, "another amount"),
        ({"code": "P0000"}, "no such payout"),
        ({"result": "maybe"}, "paid or failed"),
    ],
)
def test_a_wrong_file_changes_nothing(
    app: Flask, client: FlaskClient, boss: Headers, batch: str, changed: dict[str, str], says: str
) -> None:
    data = answers(app, "paid", changed.pop("result", "paid"), **changed)
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    refused = client.post(address, data=data, content_type="text/csv", headers=boss)
    assert (refused.status_code, refused.get_json()["code"]) == (422, "bank_file_refused")
    assert says in str(refused.get_json()["errors"])
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]


def test_a_file_of_another_batch_and_what_is_no_file_are_refused(
    app: Flask, client: FlaskClient, finance: Headers, boss: Headers, batch: str
) -> None:
    other = "/api/admin/payouts/bank-file?batch=2020-01-01"
    assert client.post(other, data=answers(app, "paid", "paid"), headers=boss).status_code == 404
    assert client.get(other, headers=finance).status_code == 404
    change(app, "UPDATE payouts SET batch = '2020-01-01' WHERE payee_name = 'Cafe'")  # now there are two
    mixed = client.post(other, data=answers(app, "paid", "paid"), headers=boss)
    assert mixed.get_json()["errors"] == {"file": ["Line 2: this batch has no such payout."]}
    assert [status for _, _, status in payouts(app)] == ["processing", "processing"]
    address = f"/api/admin/payouts/bank-file?batch={batch}"
    for data in (b"\xff\xfe", b"a,b\r\n1,2\r\n", b"payout,amount,result,reference\r\n"):
        assert client.post(address, data=data, headers=boss).status_code == 422
    assert providers.BANK_FILE.name in {row.provider for row in rows(app, "SELECT provider FROM payouts")}
