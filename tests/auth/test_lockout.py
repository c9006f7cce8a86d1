"""Ten wrong passwords or codes in a row lock an account for a quarter of an hour, whatever Redis remembers."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth import services
from powerbank.db import db, transaction, utcnow
from tests.auth.conftest import Enter, Hire
from tests.auth.test_totp import enrol
from tests.conftest import ADMIN, PASSWORD


def guess(app: Flask, *, right: bool = False) -> bool:
    """One try on a connection of its own, beside the limits in Redis."""
    with app.app_context():
        proof = services.verified_hash(email=ADMIN, password=PASSWORD if right else "wrong")
        with transaction():
            return services.admit(email=ADMIN, proof=proof, code=None, now=utcnow()) is not None


def state(app: Flask) -> tuple[int, bool]:
    with app.app_context():
        row = db.session.execute(text("SELECT failed_attempts, locked_until > now() AS locked FROM staff")).one()
    return row.failed_attempts, bool(row.locked)


def test_ten_in_a_row_lock_it_with_the_same_answer(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    refusals = [enter(password="wrong") for _ in range(11)]
    assert {answer.status_code for answer in refusals} == {401}
    assert {answer.get_json(force=True)["code"] for answer in refusals} == {"wrong_credentials"}
    assert state(app) == (0, True)
    right = enter()
    assert (right.status_code, right.get_json(force=True)["code"]) == (401, "wrong_credentials")
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action = 'staff.lock'")) == 1


def test_nine_do_not_and_a_success_starts_the_count_again(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    for _ in range(2):
        for _ in range(9):
            assert enter(password="wrong").status_code == 401
        assert enter().status_code == 200
        assert state(app) == (0, False)


def test_it_opens_again_after_a_quarter_of_an_hour(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    for _ in range(10):
        enter(password="wrong")
    with app.app_context(), transaction() as session:
        left = session.scalar(text("SELECT locked_until - now() FROM staff"))
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)
        session.execute(text("UPDATE staff SET locked_until = now()"))
    assert enter(password="wrong").status_code == 401
    assert state(app) == (1, False)
    assert enter().status_code == 200


def test_twenty_at_once_are_all_counted(app: Flask, hire: Hire) -> None:
    hire()
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert not any(pool.map(lambda _: guess(app), range(9)))
    assert state(app) == (9, False)
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert not any(pool.map(lambda _: guess(app), range(20)))
    assert state(app)[1]
    assert not guess(app, right=True)


def test_wrong_codes_count_like_wrong_passwords(app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> None:
    hire()
    secret, _ = enrol(client, enter())
    wrong = pyotp.TOTP(pyotp.random_base32()).now()
    for number in range(10):
        answer = enter(totp=wrong) if number % 2 else enter(password="wrong")
        assert answer.status_code == 401
    assert state(app) == (0, True)
    assert enter(totp=pyotp.TOTP(secret).at(utcnow() + timedelta(seconds=30))).status_code == 401


def test_a_missing_code_does_not_count(app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> None:
    """Who comes as far has the password; the app asks for the code next."""
    hire()
    enrol(client, enter())
    for _ in range(12):
        assert enter().get_json(force=True)["code"] == "totp_required"
    assert state(app) == (0, False)


def test_a_password_that_changed_meanwhile_proves_nothing(app: Flask, hire: Hire) -> None:
    hire()
    with app.app_context():
        proof = services.verified_hash(email=ADMIN, password=PASSWORD)
        with transaction() as session:
            session.execute(text("UPDATE staff SET password_hash = 'changed'"))
        with transaction():
            assert services.admit(email=ADMIN, proof=proof, code=None, now=utcnow()) is None
