"""The second factor: enrolled in two steps, each code taken once, recovery codes for a lost one."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank import create_app
from powerbank.auth.staff import totp
from powerbank.base.db import db, transaction, utcnow
from tests.auth.conftest import Enter, Hire, bearer
from tests.conftest import ADMIN, PASSWORD

TOTP = "/api/admin/auth/totp"
ANYTHING = "/api/admin/system/schedules"


def enrol(client: FlaskClient, signed_in: TestResponse) -> tuple[str, list[str]]:
    """Enrol an authenticator and return its secret and the recovery codes."""
    secret = client.post(TOTP, headers=bearer(signed_in)).get_json()["secret"]
    body = {"code": pyotp.TOTP(secret).now()}
    answer = client.post(f"{TOTP}/confirm", json=body, headers=bearer(signed_in))
    assert answer.status_code == 200, answer.text
    return secret, answer.get_json()["recovery_codes"]


def code(secret: str, steps: int = 1) -> str:
    """Make the code of so many steps from now. The code of now was used up by the enrolment."""
    return pyotp.TOTP(secret).at(utcnow() + timedelta(seconds=30 * steps))


@pytest.fixture(autouse=True)
def _early_in_a_step() -> None:
    """Wait for the beginning of a step.

    A step that ends between the making of a code and its use would spoil the count.
    """
    left = 30 - time.time() % 30
    if left < 4:
        time.sleep(left)


class TestEnrolment:
    def test_an_authenticator_is_enrolled_in_two_steps(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        headers = bearer(enter())
        begun = client.post(TOTP, headers=headers).get_json()
        assert begun["otpauth_uri"].startswith("otpauth://totp/Powerbank:admin%40example.com?secret=")
        assert begun["secret"] in begun["otpauth_uri"]
        assert begun["qr_svg"].startswith("<svg")
        assert enter().status_code == 200  # nothing is asked before it is confirmed
        body = {"code": code(begun["secret"], 0)}
        confirmed = client.post(f"{TOTP}/confirm", json=body, headers=headers)
        assert len(set(confirmed.get_json()["recovery_codes"])) == 10
        assert enter().get_json(force=True)["code"] == "totp_required"

    def test_a_wrong_code_enrols_no_authenticator(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        headers = bearer(enter())
        unbegun = client.post(f"{TOTP}/confirm", json={"code": "123456"}, headers=headers)
        assert (unbegun.status_code, unbegun.get_json(force=True)["code"]) == (409, "totp_not_begun")
        client.post(TOTP, headers=headers)
        body = {"code": code(pyotp.random_base32())}
        refused = client.post(f"{TOTP}/confirm", json=body, headers=headers)
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (422, "wrong_code")
        assert enter().status_code == 200

    def test_a_member_has_one_authenticator_at_a_time(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        signed_in = enter()
        enrol(client, signed_in)
        again = client.post(TOTP, headers=bearer(signed_in))
        assert (again.status_code, again.get_json(force=True)["code"]) == (409, "totp_enabled")

    def test_enrolment_ends_sessions_that_began_without_it(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        stolen, mine = enter(), enter()
        enrol(client, mine)
        assert client.get(ANYTHING, headers=bearer(stolen)).status_code == 401
        assert client.get(ANYTHING, headers=bearer(mine)).status_code == 200

    def test_the_database_holds_no_readable_secret(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        secret, codes = enrol(client, enter())
        with app.app_context():
            rows = db.session.execute(
                text("SELECT t::text FROM staff t UNION ALL SELECT t::text FROM staff_recovery_codes t")
            ).scalars()
            everything = "\n".join(rows)
            kept = db.session.scalar(text("SELECT totp_secret FROM staff"))
            assert totp.decrypt_secret(kept or "") == secret
        assert secret not in everything
        assert not [each for each in codes if each in everything or each.replace("-", "") in everything]


class TestSignIn:
    @pytest.mark.parametrize("steps", [-1, 0, 1, 2, -2])
    def test_a_clock_may_be_off_by_one_step(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter, steps: int
    ) -> None:
        hire()
        secret, _ = enrol(client, enter())
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE staff SET totp_last_step = 0"))
        assert enter(totp=code(secret, steps)).status_code == (200 if abs(steps) <= 1 else 401)

    def test_a_code_is_taken_once(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        secret, _ = enrol(client, enter())
        assert enter(totp=code(secret, 0)).status_code == 401  # the enrolment took it
        used = code(secret, 1)
        assert enter(totp=f"{used[:3]} {used[3:]}").status_code == 200
        assert enter(totp=used).get_json(force=True)["code"] == "wrong_credentials"

    def test_eight_at_once_with_one_code_are_one_sign_in(
        self, app: Flask, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        secret, _ = enrol(client, enter())
        body = {"email": ADMIN, "password": PASSWORD, "totp": code(secret)}

        def sign_in(_: int) -> int:
            return app.test_client().post("/api/admin/auth/login", json=body).status_code

        with ThreadPoolExecutor(max_workers=8) as pool:
            assert sorted(pool.map(sign_in, range(8))) == [200] + [401] * 7

    def test_the_code_is_asked_for_only_after_the_right_password(
        self, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        secret, _ = enrol(client, enter())
        assert enter(password="wrong").get_json(force=True)["code"] == "wrong_credentials"
        assert enter(password="wrong", totp=code(secret)).get_json(force=True)["code"] == "wrong_credentials"
        assert enter().get_json(force=True)["code"] == "totp_required"
        assert enter(totp=code(secret)).status_code == 200

    def test_a_recovery_code_replaces_the_authenticator_once(
        self, client: FlaskClient, hire: Hire, enter: Enter
    ) -> None:
        hire()
        _, codes = enrol(client, enter())
        assert enter(totp=codes[0].upper().replace("-", " ")).status_code == 200
        assert enter(totp=codes[0]).status_code == 401
        assert enter(totp=codes[1]).status_code == 200

    def test_a_recovery_code_of_another_member_is_wrong(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        hire("viewer@example.com", "viewer")
        enrol(client, enter())
        _, theirs = enrol(client, enter("viewer@example.com"))
        assert enter(totp=theirs[0]).status_code == 401
        assert enter("viewer@example.com", totp=theirs[0]).status_code == 200

    @pytest.mark.parametrize("given", ["٠١٢٣٤٥", "é" * 6, "000000000000", "-", "\u2028"])
    def test_odd_codes_are_wrong_codes(self, client: FlaskClient, hire: Hire, enter: Enter, given: str) -> None:
        hire()
        enrol(client, enter())
        assert enter(totp=given).status_code == 401


class TestRemoval:
    def remove(self, client: FlaskClient, signed_in: TestResponse, password: str, given: str) -> int:
        body = {"password": password, "code": given}
        return client.delete(TOTP, json=body, headers=bearer(signed_in)).status_code

    def test_removal_needs_password_and_code(self, client: FlaskClient, hire: Hire, enter: Enter) -> None:
        hire()
        signed_in = enter()
        assert self.remove(client, signed_in, PASSWORD, "123456") == 409
        secret, codes = enrol(client, signed_in)
        assert self.remove(client, signed_in, "wrong", code(secret)) == 403
        assert self.remove(client, signed_in, PASSWORD, code(pyotp.random_base32())) == 403
        assert enter().get_json(force=True)["code"] == "totp_required"
        assert self.remove(client, signed_in, PASSWORD, code(secret)) == 204
        assert enter().status_code == 200
        enrol(client, signed_in)
        assert enter(totp=codes[0]).status_code == 401  # the old ones went with the old authenticator


class TestRequired:
    @pytest.fixture
    def strict(self, app: Flask, clean: None) -> FlaskClient:
        """Give the same network with STAFF_TOTP_REQUIRED."""
        settings = app.config["SETTINGS"].model_copy(update={"staff_totp_required": True})
        return create_app(settings).test_client()

    def test_a_member_who_must_enrol_may_do_nothing_else(self, strict: FlaskClient, hire: Hire) -> None:
        hire()
        body = {"email": ADMIN, "password": PASSWORD}
        signed_in = strict.post("/api/admin/auth/login", json=body)
        refused = strict.get(ANYTHING, headers=bearer(signed_in))
        assert (refused.status_code, refused.get_json(force=True)["code"]) == (403, "totp_enrolment_required")
        assert strict.get("/api/admin/auth/sessions", headers=bearer(signed_in)).status_code == 200
        enrol(strict, signed_in)
        assert strict.get(ANYTHING, headers=bearer(signed_in)).status_code == 200


def test_a_changed_key_locks_out_rather_than_lets_in(app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> None:
    hire()
    secret, codes = enrol(client, enter())
    settings = app.config["SETTINGS"]
    other = create_app(settings.model_copy(update={"staff_key": type(settings.staff_key)("another key" * 4)}))
    for given in (code(secret), codes[0]):
        body = {"email": ADMIN, "password": PASSWORD, "totp": given}
        assert other.test_client().post("/api/admin/auth/login", json=body).status_code == 401
    assert enter(totp=code(secret)).status_code == 200


def test_a_key_is_changed_without_a_new_enrolment(
    app: Flask, client: FlaskClient, hire: Hire, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire()
    secret, codes = enrol(client, enter())
    settings = app.config["SETTINGS"]
    old, new = settings.staff_key.get_secret_value(), "another key" * 4

    def use(keys: str) -> None:
        changed = settings.model_copy(update={"staff_key": type(settings.staff_key)(keys)})
        monkeypatch.setitem(app.config, "SETTINGS", changed)

    def sign_in(given: str) -> int:
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE staff SET totp_last_step = 0, failed_attempts = 0"))
        return enter(totp=given).status_code

    use(f"{new},{old}")
    assert (sign_in(code(secret)), sign_in(codes[0])) == (200, 200)
    runner = app.test_cli_runner()
    said = runner.invoke(args=["staff", "reencrypt"]).output
    assert said.startswith("1 secrets are under the first key now; 9 recovery codes")
    assert runner.invoke(args=["staff", "reencrypt"]).output.startswith("0 secrets")
    use(new)
    assert (sign_in(code(secret)), sign_in(codes[1])) == (200, 401)
    use(old)
    assert sign_in(code(secret)) == 401
