"""A stranger who asks for somebody's codes, or guesses at them, keeps nobody from signing in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from config import load
from powerbank import create_app
from powerbank.api.rate_limits import hit_or_refuse
from powerbank.auth import cleanup
from powerbank.auth.people import otp, requesters
from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import cache_redis
from powerbank.users import identifiers
from tests.people import People, change, rows

PHONE, OTHER = "+9779812345678", "+9779812345679"
HOME, STRANGE = "192.0.2.1", "198.51.100.7"


def ask(app: Flask, identifier: str = PHONE, at: str = STRANGE, **more: Any) -> TestResponse:
    body = {"identifier": identifier, **more}
    return app.test_client().post("/api/auth/get-otp", json=body, environ_overrides={"REMOTE_ADDR": at})


def verify(app: Flask, challenge_id: str, code: str, at: str = HOME) -> TestResponse:
    body = {"challenge_id": challenge_id, "code": code}
    return app.test_client().post("/api/auth/verify-otp", json=body, environ_overrides={"REMOTE_ADDR": at})


def code_of(app: Flask, challenge_id: str) -> str:
    with app.app_context():
        return otp.derive_code(UUID(challenge_id))


def wrong(app: Flask, challenge_id: str, by: int = 1) -> str:
    return f"{(int(code_of(app, challenge_id)) + by) % 1_000_000:06d}"


def forget_limits(app: Flask) -> None:
    with app.app_context():
        cache_redis().flushdb()


def a_minute_later(app: Flask) -> None:
    """Let the limits of a minute pass, but not those of an hour."""
    with app.app_context():
        for key in cache_redis().scan_iter("*/1/minute"):
            cache_redis().delete(key)


def signed_in(app: Flask, identifier: str = PHONE, at: str = HOME) -> str:
    """Verify the number at an address and return the device's token. Nothing of it is counted."""
    challenge_id = ask(app, identifier, at).get_json()["challenge_id"]
    answer = verify(app, challenge_id, code_of(app, challenge_id), at)
    assert answer.status_code == 200
    forget_limits(app)
    return str(answer.get_json()["device_token"])


def use_up(app: Flask, identifier: str = PHONE) -> None:
    """Use up, as a stranger can, all codes that a number may get in an hour, from as many addresses as it takes."""
    asked = []
    for number in range(8):
        asked.append(ask(app, identifier, f"198.51.100.{number}").status_code)
        a_minute_later(app)
    assert asked == [202] * 5 + [429] * 3


@pytest.fixture(params=["development", "production"])
def network(request: pytest.FixtureRequest, clean: None) -> Flask:
    return create_app(load().model_copy(update={"powerbank_env": request.param}))


class TestCodesOnTheirWay:
    def test_stay_good_until_they_expire(self, app: Flask, clean: None) -> None:
        mine = ask(app, at=HOME).get_json()["challenge_id"]
        for _ in range(4):
            a_minute_later(app)
            assert ask(app).status_code == 202
        assert verify(app, mine, code_of(app, mine)).status_code == 200

    def test_are_good_in_any_order_and_once_each(self, app: Flask, clean: None) -> None:
        asked = []
        for _ in range(3):
            asked.append(ask(app).get_json()["challenge_id"])
            a_minute_later(app)
        for challenge_id in reversed(asked):
            code = code_of(app, challenge_id)
            assert [verify(app, challenge_id, code).status_code for _ in range(2)] == [200, 401]

    def test_have_five_tries_each(self, app: Flask, clean: None) -> None:
        mine = ask(app, at=HOME).get_json()["challenge_id"]
        a_minute_later(app)
        theirs = ask(app).get_json()["challenge_id"]
        for number in range(1, 6):
            assert verify(app, theirs, wrong(app, theirs, number)).status_code == 401
        assert verify(app, theirs, code_of(app, theirs)).status_code == 401
        for number in range(1, 5):
            assert verify(app, mine, wrong(app, mine, number)).status_code == 401
        assert verify(app, mine, code_of(app, mine)).status_code == 200

    def test_asked_for_at_once_are_all_good(self, app: Flask, clean: None) -> None:
        def asked(_: int) -> UUID:
            with app.app_context(), transaction():
                return otp.create_challenge(contact=identifiers.parse_contact_address(PHONE), purpose="login").id

        with ThreadPoolExecutor(max_workers=4) as pool:
            challenges = list(pool.map(asked, range(4)))
        assert [verify(app, str(each), code_of(app, str(each))).status_code for each in challenges] == [200] * 4


class TestWhatANumberMayBeSent:
    def test_is_kept_for_the_address_that_verified_it(self, network: Flask) -> None:
        signed_in(network)
        use_up(network)
        assert ask(network, at=HOME).status_code == 202
        assert ask(network, at="192.0.2.2").status_code == 429
        challenge_id = rows(network, "SELECT id FROM otp_challenges WHERE asked_from = 'address'")[0].id
        assert verify(network, str(challenge_id), code_of(network, str(challenge_id))).status_code == 200

    def test_is_kept_for_the_device_that_verified_it_wherever_it_is(self, network: Flask) -> None:
        token = signed_in(network)
        use_up(network)
        assert ask(network, at="192.0.2.2", device_token=token).status_code == 202
        assert rows(network, "SELECT count(*) FROM otp_challenges WHERE asked_from = 'device'") == [(1,)]

    def test_is_not_a_minute_less_when_the_code_could_not_be_written_down(
        self, app: Flask, clean: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(**_: object) -> None:
            raise OperationalError("INSERT", None, psycopg2.OperationalError("server closed the connection"))

        with monkeypatch.context() as broken:
            broken.setattr(otp, "create_challenge", away)
            assert ask(app).status_code == 503
        assert [ask(app).status_code for _ in range(2)] == [202, 429]

    def test_is_not_kept_for_another_number(self, app: Flask, clean: None) -> None:
        token = signed_in(app, OTHER)
        use_up(app)
        assert ask(app, at=HOME).status_code == 429
        assert ask(app, at=HOME, device_token=token).status_code == 429

    @pytest.mark.parametrize("token", ["", "nonsense", "{token}x", "{cut}", None])
    def test_is_not_kept_for_a_token_that_is_none(self, app: Flask, clean: None, token: str | None) -> None:
        good = signed_in(app)
        use_up(app)
        told = token and token.format(token=good, cut=good.rpartition(".")[0])
        assert ask(app, at=STRANGE, device_token=told).status_code == 429

    def test_has_bounds_for_who_is_known_too(self, app: Flask, clean: None) -> None:
        token = signed_in(app)
        for more in ({}, {"device_token": token}):
            assert ask(app, at=HOME, **more).status_code == 202
            assert ask(app, at=HOME, **more).status_code == 429
            for _ in range(4):
                a_minute_later(app)
                assert ask(app, at=HOME, **more).status_code == 202
            a_minute_later(app)
            assert ask(app, at=HOME, **more).status_code == 429

    def test_is_not_used_up_over_its_prefix_or_its_address(self, clean: None) -> None:
        network = create_app(load().model_copy(update={"powerbank_env": "production"}))
        token = signed_in(network)
        with network.app_context():
            for _ in range(100):
                hit_or_refuse("100 per hour", "otp-prefix", PHONE[:-4])
            for _ in range(20):
                hit_or_refuse("20 per hour", "otp-address", HOME)
        assert ask(network, at="192.0.2.9").status_code == 429
        assert ask(network, at=HOME).status_code == 202
        assert ask(network, at=HOME, device_token=token).status_code == 202

    def test_ends_with_the_budget_of_the_day_for_all(self, clean: None) -> None:
        network = create_app(load().model_copy(update={"otp_sms_per_day": 2}))
        token = signed_in(network)
        assert [ask(network, f"+977984123456{number}").status_code for number in range(3)] == [202, 202, 429]
        assert ask(network, at=HOME).status_code == 429
        assert ask(network, at=HOME, device_token=token).status_code == 429

    def test_is_the_same_for_strangers_whether_or_not_it_was_verified(self, app: Flask, clean: None) -> None:
        """Otherwise they could count who has an account."""
        signed_in(app, PHONE)
        for identifier in (PHONE, OTHER):
            use_up(app, identifier)

    def test_is_kept_for_an_address_that_linked_it(self, app: Flask, client: FlaskClient, people: People) -> None:
        sita = people.join("sita", OTHER)
        challenge_id, code = people.ask_code(client, PHONE, "link", sita)
        body = {"challenge_id": challenge_id, "code": code}
        linked = client.post(
            "/api/users/me/identifiers", json=body, headers=sita.headers, environ_overrides={"REMOTE_ADDR": HOME}
        )
        assert linked.status_code == 200
        forget_limits(app)
        use_up(app)
        assert ask(app, at=HOME).status_code == 202


class TestGuesses:
    def test_are_twenty_five_an_hour_although_redis_forgets(self, app: Flask, clean: None) -> None:
        """The right code of the sixth challenge is not taken any more; that of somebody known is."""
        signed_in(app)
        for _ in range(5):
            challenge_id = ask(app).get_json()["challenge_id"]
            assert {verify(app, challenge_id, wrong(app, challenge_id, by)).status_code for by in range(1, 6)} == {401}
            forget_limits(app)
        sixth = ask(app).get_json()["challenge_id"]
        assert verify(app, sixth, code_of(app, sixth)).status_code == 401
        assert rows(app, "SELECT tries FROM otp_challenges WHERE id = :id", id=sixth) == [(0,)]
        mine = ask(app, at=HOME).get_json()["challenge_id"]
        assert verify(app, mine, code_of(app, mine)).status_code == 200
        change(app, "UPDATE otp_challenges SET created_at = created_at - interval '1 hour' WHERE id <> :id", id=sixth)
        assert verify(app, sixth, code_of(app, sixth)).status_code == 200

    def test_at_once_over_many_challenges_are_counted_one_by_one(self, app: Flask, clean: None) -> None:
        challenges = []
        for _ in range(8):
            challenges.append(ask(app).get_json()["challenge_id"])
            forget_limits(app)
        guesses = [(each, wrong(app, each, by)) for by in range(1, 6) for each in challenges]
        with ThreadPoolExecutor(max_workers=8) as pool:
            assert set(pool.map(lambda guess: verify(app, *guess).status_code, guesses)) == {401}
        assert rows(app, "SELECT sum(tries) FROM otp_challenges") == [(25,)]

    def test_right_codes_do_not_count_as_guesses(self, app: Flask, clean: None) -> None:
        for _ in range(30):
            signed_in(app)


class TestWhatIsKept:
    def test_holds_no_number_and_no_address(self, app: Flask, clean: None) -> None:
        token = signed_in(app)
        (row,) = rows(app, "SELECT v::text AS all, identifier, address FROM verified_addresses v")
        for told in (PHONE, PHONE[1:], HOME):
            assert told not in row.all
            assert told.encode() not in bytes(row.identifier) + bytes(row.address)
            assert told not in token

    def test_is_one_row_however_often_one_signs_in(self, app: Flask, clean: None) -> None:
        for _ in range(3):
            signed_in(app)
        signed_in(app, OTHER)
        assert rows(app, "SELECT count(*) FROM verified_addresses") == [(2,)]
        # The rows say how many addresses were proven, and not who else has signed in from one.
        assert rows(app, "SELECT count(DISTINCT address) FROM verified_addresses") == [(2,)]

    def test_is_forgotten_after_half_a_year(self, app: Flask, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
        def left_after(days: int) -> int:
            with app.app_context(), transaction():
                cleanup.prune_sign_ins(now=utcnow() + timedelta(days=days))
            return int(rows(app, "SELECT count(*) FROM verified_addresses")[0][0])

        token = signed_in(app)
        assert (left_after(179), left_after(181)) == (1, 0)
        use_up(app)
        assert ask(app, at="192.0.2.2", device_token=token).status_code == 202
        monkeypatch.setattr(requesters, "REMEMBERED_FOR", timedelta(seconds=-1))
        a_minute_later(app)
        assert ask(app, at="192.0.2.2", device_token=token).status_code == 429

    def test_is_deleted_with_the_account(self, app: Flask, client: FlaskClient, people: People) -> None:
        sita = people.join("sita", PHONE)
        signed_in(app)
        signed_in(app, OTHER)
        assert client.delete("/api/users/me", headers=sita.headers).status_code == 204
        assert rows(app, "SELECT count(*) FROM verified_addresses") == [(1,)]


def test_an_address_is_known_for_as_long_as_it_is_remembered(app: Flask, clean: None) -> None:
    signed_in(app)
    change(app, "UPDATE verified_addresses SET verified_at = verified_at - interval '181 days'")
    use_up(app)
    assert ask(app, at=HOME).status_code == 429
