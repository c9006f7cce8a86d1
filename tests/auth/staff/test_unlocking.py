"""Whoever has both factors opens an account that is locked, and nobody else does."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.auth.conftest import Enter, Hire
from tests.auth.staff.steps import ELSEWHERE, HERE, LOGIN, Authenticator, Try, code_of, locks
from tests.auth.staff.test_totp import enrol
from tests.conftest import ADMIN, PASSWORD
from tests.people import rows


class TestTheWayBack:
    """Password and second factor together open a locked account, and tell nobody else anything."""

    @pytest.mark.parametrize("address", [HERE, ELSEWHERE])
    def test_both_factors_open_a_locked_account(
        self, app: Flask, authenticator: Authenticator, attempt: Try, address: str
    ) -> None:
        for number in range(30):
            attempt(f"198.51.100.{number % 3 + 10}", "wrong")
        for _ in range(10):
            attempt(address, "wrong")
        refused = attempt(address)
        assert (refused.status_code, code_of(refused)) == (401, "wrong_credentials")
        assert attempt(address, totp=authenticator.code()).status_code == 200
        assert code_of(attempt(address)) == "totp_required"  # it is open again, as for every member

    def test_both_factors_open_it_although_redis_has_counted_ten(
        self, client: FlaskClient, authenticator: Authenticator
    ) -> None:
        wrong = {"email": ADMIN, "password": "wrong"}
        statuses = [client.post(LOGIN, json=wrong).status_code for _ in range(12)]
        assert statuses == [401] * 10 + [429] * 2
        body = {"email": ADMIN, "password": PASSWORD, "totp": authenticator.code()}
        assert client.post(LOGIN, json=body).status_code == 200

    def test_a_recovery_code_is_a_second_factor(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter, attempt: Try
    ) -> None:
        hire()
        _, codes = enrol(client, enter())
        for _ in range(10):
            attempt(HERE, "wrong")
        assert attempt(HERE, totp=codes[0]).status_code == 200

    def test_a_locked_account_does_not_tell_that_the_password_is_right(
        self, authenticator: Authenticator, attempt: Try
    ) -> None:
        for _ in range(10):
            attempt(ELSEWHERE, "wrong")
        tried = [
            attempt(ELSEWHERE),
            attempt(ELSEWHERE, totp=authenticator.wrong()),
            attempt(ELSEWHERE, "wrong"),
            attempt(ELSEWHERE, "wrong", totp=authenticator.code()),
        ]
        assert {(answer.status_code, code_of(answer)) for answer in tried} == {(401, "wrong_credentials")}

    def test_a_right_code_with_a_wrong_password_is_not_used_up(
        self, authenticator: Authenticator, attempt: Try
    ) -> None:
        for _ in range(10):
            attempt(ELSEWHERE, "wrong")
        code = authenticator.code()
        assert attempt(ELSEWHERE, "wrong", totp=code).status_code == 401
        assert attempt(ELSEWHERE, totp=code).status_code == 200

    def test_who_knows_the_password_has_ten_codes_over_all_addresses(
        self, app: Flask, authenticator: Authenticator, attempt: Try
    ) -> None:
        """The eleventh would be right. Where the member has signed in, the account is open all the same."""
        for number in range(10):
            assert attempt(f"203.0.113.{number}", totp=authenticator.wrong()).status_code == 401
        assert locks(app) == ["codes"]
        assert attempt("203.0.113.77", totp=authenticator.code()).status_code == 401
        assert attempt(HERE, totp=authenticator.code()).status_code == 200

    def test_who_does_not_know_the_password_uses_up_no_codes(
        self, app: Flask, authenticator: Authenticator, attempt: Try
    ) -> None:
        for number in range(45):
            attempt(f"203.0.113.{number}", "wrong", totp="123456")
        assert rows(app, "SELECT wrong_codes, codes_locked_until FROM staff") == [(0, None)]
        assert attempt("203.0.113.77", totp=authenticator.code()).status_code == 200

    def test_without_an_authenticator_nothing_opens_a_locked_account(self, hire: Hire, attempt: Try) -> None:
        hire()
        for _ in range(10):
            attempt(ELSEWHERE, "wrong")
        assert attempt(ELSEWHERE, totp="123456").status_code == 401
