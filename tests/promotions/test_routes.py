"""People type codes; staff make them, count them, and take them away."""

from collections.abc import Callable
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.ledger.conftest import Person
from tests.points.conftest import drain, has
from tests.promotions.conftest import Make, redeem

Headers = dict[str, str]


SignIn = Callable[..., Headers]


APPLY, MINE, STAFF = "/api/promotions/coupons/apply", "/api/promotions/coupons/my", "/api/admin/coupons"


NEW = {"name": "Dashain", "code": "dashain", "kind": "percent", "value": 20}


def apply(client: FlaskClient, headers: Headers, code: str = "DASHAIN") -> TestResponse:
    return client.post(APPLY, json={"code": code}, headers=headers)


def test_points_come_at_once_and_once(client: FlaskClient, coupon: Make, sita: tuple[UUID, Headers]) -> None:
    coupon(kind="points", value=70)
    user_id, headers = sita
    answer = apply(client, headers, " dashain")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["points"]) == (200, "redeemed", 70)
    again = apply(client, headers)
    assert (again.status_code, again.get_json()["code"]) == (409, "coupon_used_before")
    drain()
    assert has(user_id).points == 70
    (mine,) = client.get(MINE, headers=headers).get_json()["items"]
    assert (mine["code"], mine["status"]) == ("DASHAIN", "used")


def test_a_client_that_lost_the_answer_gets_it_again(
    client: FlaskClient, coupon: Make, sita: tuple[UUID, Headers]
) -> None:
    coupon(kind="points", value=70)
    user_id, headers = sita
    keyed = headers | {"Idempotency-Key": "lost-answer"}
    first, again = apply(client, keyed), apply(client, keyed)
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert apply(client, keyed, "OTHER").get_json()["code"] == "idempotency_conflict"
    drain()
    assert has(user_id).points == 70


def test_a_discount_is_kept_for_the_next_rental(client: FlaskClient, coupon: Make, sita: tuple[UUID, Headers]) -> None:
    coupon()
    user_id, headers = sita
    for _ in range(2):
        assert apply(client, headers).get_json()["status"] == "kept"
    (mine,) = client.get(MINE, headers=headers).get_json()["items"]
    assert (mine["status"], mine["coupon"]["value"], mine["coupon"]["min_price"]) == ("available", 20, "0.00")
    redeem(user_id)
    (mine,) = client.get(MINE, headers=headers).get_json()["items"]
    assert mine["status"] == "used"


def test_nobody_elses_coupons_are_mine(
    client: FlaskClient, coupon: Make, sita: tuple[UUID, Headers], person: Person
) -> None:
    coupon()
    redeem(person())
    assert client.get(MINE, headers=sita[1]).get_json()["items"] == []
    assert apply(client, sita[1], "NOTHING").get_json()["code"] == "coupon_unknown"


def test_guessing_codes_is_slowed_down(client: FlaskClient, sita: tuple[UUID, Headers]) -> None:
    answers = [apply(client, sita[1], f"GUESS{n}").status_code for n in range(21)]
    assert answers == [404] * 20 + [429]
