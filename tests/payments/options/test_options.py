"""Ways to pay an amount: the arithmetic, the route, and its asynchronous form."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.integrations.callbacks.client import Callbacks
from powerbank.ledger.accounts import Kind
from powerbank.ledger.errors import InsufficientFundsError
from powerbank.ledger.movements import dues
from powerbank.ledger.services import Reference
from powerbank.payments.options import payment_sources, scenarios
from powerbank.payments.options.methods import PAYABLE, Method, list_options, split_amount
from tests.ledger.conftest import assert_books_are_right, balances, key, make_person
from tests.people import People, Person, change, rows

Work = Callable[..., None]
ASYNC = {"Prefer": "respond-async"}


def methods(**has: int) -> list[str]:
    return [option.method.value for option in list_options(**{"points_per_npr": 10, "points": 0, "wallet": 0} | has)]


@pytest.mark.parametrize(
    ("amount", "wallet", "points", "expected"),
    [
        (150_00, 200_00, 0, ["wallet_only"]),
        (150_00, 0, 1500, ["points_only"]),
        (150_00, 200_00, 1500, ["points_only", "wallet_only"]),
        (150_00, 200_00, 500, ["wallet_only", "combination"]),
        (150_00, 120_00, 500, ["combination"]),
        (150_00, 120_00, 0, ["topup_required"]),
        (150_00, 99_99, 500, ["topup_required"]),
        (150_05, 200_00, 1500, ["wallet_only", "combination"]),
        (0, 0, 0, ["wallet_only"]),
    ],
)
def test_methods_that_work_are_listed_with_the_best_first(
    amount: int, wallet: int, points: int, expected: list[str]
) -> None:
    assert methods(amount=amount, wallet=wallet, points=points) == expected


def test_the_shortfall_is_exact() -> None:
    [option] = list_options(amount=150_00, wallet=99_99, points=500, points_per_npr=10)
    assert (option.topup_needed, option.points_used, option.wallet_used) == (1, 500, 100_00)
    with pytest.raises(InsufficientFundsError) as refused:
        split_amount(Method.COMBINATION, amount=150_00, wallet=99_99, points=500, points_per_npr=10)
    assert refused.value.data["shortfall"] == "0.01"


AMOUNTS = st.integers(1, 10**7)


@given(amount=AMOUNTS, wallet=st.integers(0, 10**7), points=st.integers(0, 10**6), rate=st.integers(1, 10_000))
def test_an_option_is_what_paying_by_it_takes(amount: int, wallet: int, points: int, rate: int) -> None:
    has = {"amount": amount, "wallet": wallet, "points": points, "points_per_npr": rate}
    found = list_options(**has)
    assert [option.recommended for option in found] == [True] + [False] * (len(found) - 1)
    offered = {option.method: option for option in found}
    for method in PAYABLE:
        try:
            sources = split_amount(method, **has)
        except InsufficientFundsError as refused:
            missing = refused.shortfall
            sources = None
        if sources is None:
            assert method not in offered
            assert 0 < missing <= amount
            continue
        assert sources.total == amount
        assert sources.wallet <= wallet
        assert sources.points <= points
        assert sources.points * 100 >= sources.points_value * rate > (sources.points - 1) * 100
        if method in offered:
            assert (offered[method].points_used, offered[method].wallet_used) == (sources.points, sources.wallet)
            if method is Method.COMBINATION:
                assert sources.points_value % 10 == 0
    if Method.TOPUP_REQUIRED in offered:
        needed = offered[Method.TOPUP_REQUIRED].topup_needed
        assert needed is not None
        more = has | {"wallet": wallet + needed}
        assert list_options(**more)[0].method in PAYABLE
        if needed > 1:
            assert list_options(**more | {"wallet": wallet + needed - 1})[0].method is Method.TOPUP_REQUIRED


@pytest.fixture
def sita(people: People) -> Person:
    return people.join("sita")


def ask(client: FlaskClient, person: Person, body: Mapping[str, Any], **headers: str) -> Any:
    return client.post("/api/payment/calculate-options", json=body, headers=person.headers | headers)


def test_a_top_up_is_paid_from_outside(client: FlaskClient, sita: Person) -> None:
    answer = ask(client, sita, {"scenario": "wallet_topup", "amount": "150.00"})
    assert answer.status_code == 200
    assert answer.get_json() == {
        "amount": "150.00",
        "currency": "NPR",
        "available_points": 0,
        "available_wallet": "0.00",
        "options": [
            {
                "method": "topup_required",
                "points_used": 0,
                "wallet_used": "0.00",
                "topup_needed": "150.00",
                "total_cost": "150.00",
                "recommended": True,
            }
        ],
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"scenario": "wallet_topup"}, "validation_failed"),
        ({"scenario": "wallet_topup", "amount": "-1.00"}, "validation_failed"),
        ({"scenario": "wallet_topup", "amount": 100}, "validation_failed"),
        ({"scenario": "wallet_topup", "amount": "1.00", "callback_url": "https://a.example/"}, "validation_failed"),
        ({"scenario": "something"}, "validation_failed"),
        ({"scenario": "pre_payment", "package_id": "x"}, "validation_failed"),
    ],
)
def test_arguments_that_do_not_go_together_are_refused(
    client: FlaskClient, sita: Person, body: dict[str, Any], code: str
) -> None:
    answer = ask(client, sita, body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


@pytest.fixture
def selling(monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Register a domain that sells one package for NPR 50."""
    package = UUID("01900000-0000-7000-8000-000000000001")

    def price(user_id: UUID, arguments: Mapping[str, Any]) -> int:
        if arguments["package_id"] != package:
            raise NotFoundError("package")
        return 50_00

    monkeypatch.setattr(scenarios, "_scenarios", dict(scenarios._scenarios))
    scenarios.register_scenario("pre_payment", price, needs=("package_id",))
    return package


def test_an_unknown_scenario_is_refused(client: FlaskClient, sita: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "_scenarios", {})
    answer = ask(client, sita, {"scenario": "post_payment", "rental_id": str(sita.id)})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "scenario_unavailable")


def test_the_asynchronous_answer_is_the_same(client: FlaskClient, sita: Person, selling: UUID, work: Work) -> None:
    body = {"scenario": "pre_payment", "package_id": str(selling)}
    at_once = ask(client, sita, body)
    assert [option["method"] for option in at_once.get_json()["options"]] == ["topup_required"]
    later = ask(client, sita, body, **ASYNC)
    assert later.status_code == 202
    assert later.headers["Preference-Applied"] == "respond-async"
    place = later.headers["Location"]
    assert place == f"/api/operations/{later.get_json()['operation_id']}"
    assert client.get(place, headers=sita.headers).get_json()["status"] == "pending"
    work()
    found = client.get(place, headers=sita.headers).get_json()
    assert (found["status"], found["error"]) == ("succeeded", None)
    assert found["result"] == at_once.get_json()


def test_a_refusal_is_the_result_of_the_operation(client: FlaskClient, sita: Person, selling: UUID, work: Work) -> None:
    body = {"scenario": "pre_payment", "package_id": str(sita.id)}
    assert ask(client, sita, body).status_code == 404
    place = ask(client, sita, body, **ASYNC).headers["Location"]
    work()
    found = client.get(place, headers=sita.headers).get_json()
    assert (found["status"], found["result"], found["error"]["code"]) == ("failed", None, "not_found")


def test_an_operation_that_no_worker_came_to_in_time_fails(
    app: Flask, client: FlaskClient, sita: Person, work: Work
) -> None:
    place = ask(client, sita, {"scenario": "wallet_topup", "amount": "1.00"}, **ASYNC).headers["Location"]
    change(app, "UPDATE outbox_jobs SET expires_at = now() - interval '1 s'")
    work()
    found = client.get(place, headers=sita.headers).get_json()
    assert (found["status"], found["error"]["code"]) == ("failed", "not_done")


def test_its_result_is_shown_for_a_day(app: Flask, client: FlaskClient, sita: Person) -> None:
    place = ask(client, sita, {"scenario": "wallet_topup", "amount": "1.00"}, **ASYNC).headers["Location"]
    change(app, "UPDATE operations SET expires_at = now() - interval '1 s'")
    answer = client.get(place, headers=sita.headers)
    assert (answer.status_code, answer.get_json()["code"]) == (410, "operation_expired")


def test_only_registered_hosts_are_told(app: Flask, client: FlaskClient, sita: Person) -> None:
    body = {"scenario": "wallet_topup", "amount": "1.00", "callback_url": "https://evil.example/"}
    answer = ask(client, sita, body, **ASYNC)
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["callback_url"])
    assert rows(app, "SELECT id FROM operations") == []


def test_the_registered_host_is_told_the_result_once(
    app: Flask, client: FlaskClient, sita: Person, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, bytes]] = []

    class Noted(Callbacks):
        def send(self, url: str, body: bytes) -> int:
            told.append((url, body))
            return 204

    monkeypatch.setitem(app.extensions, "callbacks", Noted(hosts=["client.example"], secret="x"))
    body = {"scenario": "wallet_topup", "amount": "1.00", "callback_url": "https://client.example/told"}
    operation_id = ask(client, sita, body, **ASYNC).get_json()["operation_id"]
    work()
    [(url, said)] = told
    assert url == "https://client.example/told"
    assert operation_id.encode() in said
    assert b'"succeeded"' in said


def test_a_due_is_paid_whole_by_the_chosen_method(context: Flask) -> None:
    user_id = make_person(wallet=100_00, points=300)
    with transaction():
        due = dues.create_due(
            user_id=user_id,
            reference=Reference("rental", "1"),
            amount=50_00,
            revenue=Kind.OVERDUE_REVENUE,
            key=key(),
            actor="system",
        )
    with transaction():
        paid = payment_sources.pay_due(user_id=user_id, due_id=due.id, method=Method.COMBINATION, now=utcnow())
    assert (paid.wallet, paid.points, paid.points_value) == (20_00, 300, 30_00)
    assert balances(user_id) == {"user_wallet": 80_00}
    with transaction(), pytest.raises(ConflictError, match="nothing to pay"):
        payment_sources.pay_due(user_id=user_id, due_id=due.id, method=Method.WALLET_ONLY, now=utcnow())
    assert balances(user_id) == {"user_wallet": 80_00}
    assert_books_are_right()


def test_a_due_that_cannot_be_paid_whole_is_not_paid_in_part(context: Flask) -> None:
    user_id = make_person(wallet=30_00)
    with transaction():
        for amount in (20_00, 20_00):
            dues.create_due(
                user_id=user_id,
                reference=Reference("rental", "1"),
                amount=amount,
                revenue=Kind.OVERDUE_REVENUE,
                key=key(),
                actor="system",
            )
    with pytest.raises(InsufficientFundsError) as refused, transaction():
        payment_sources.pay_dues_about(
            Reference("rental", "1"), user_id=user_id, method=Method.WALLET_ONLY, now=utcnow()
        )
    assert refused.value.data["shortfall"] == "10.00"
    assert balances(user_id) == {"user_wallet": 30_00, "dues_receivable": -40_00}


def test_somebody_elses_due_is_not_there(context: Flask) -> None:
    user_id, other = make_person(), make_person(wallet=50_00)
    with transaction():
        due = dues.create_due(
            user_id=user_id,
            reference=Reference("rental", "1"),
            amount=20_00,
            revenue=Kind.OVERDUE_REVENUE,
            key=key(),
            actor="system",
        )
    with transaction(), pytest.raises(NotFoundError):
        payment_sources.pay_due(user_id=other, due_id=due.id, method=Method.WALLET_ONLY, now=utcnow())
    assert db.session.scalar(text("SELECT paid FROM ledger_dues")) == 0
