"""Wrong passwords and codes lock out whoever tries them, for a quarter of an hour, whatever Redis remembers. They lock
nobody else out: not the member at another address, and not at the same one who brings both factors."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth import cleanup
from powerbank.auth.staff import services
from powerbank.base.db import transaction, utcnow
from tests.auth.conftest import Enter, Hire, bearer
from tests.auth.staff.steps import ELSEWHERE, HERE, LOGIN, Authenticator, Try, code_of, guess, locked_here, locks
from tests.conftest import ADMIN, PASSWORD
from tests.people import rows


def test_ten_in_a_row_lock_it_with_the_same_answer(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    refusals = [enter(password="wrong") for _ in range(11)]
    assert {answer.status_code for answer in refusals} == {401}
    assert {code_of(answer) for answer in refusals} == {"wrong_credentials"}
    assert locked_here(app)
    right = enter()
    assert (right.status_code, code_of(right)) == (401, "wrong_credentials")
    assert locks(app) == ["address"]


def test_nine_do_not_and_a_success_starts_the_count_again(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    for _ in range(2):
        for _ in range(9):
            assert enter(password="wrong").status_code == 401
        assert enter().status_code == 200
        assert not locked_here(app)


def test_a_locked_account_opens_after_a_quarter_of_an_hour(app: Flask, hire: Hire, enter: Enter) -> None:
    hire()
    for _ in range(10):
        enter(password="wrong")
    with app.app_context(), transaction() as session:
        left = session.scalar(text("SELECT locked_until - now() FROM staff_addresses"))
        assert timedelta(minutes=14) < left <= timedelta(minutes=15)
        session.execute(text("UPDATE staff_addresses SET locked_until = now()"))
    assert enter(password="wrong").status_code == 401
    assert enter().status_code == 200


@pytest.mark.parametrize("has_been_there", [True, False])
def test_a_stranger_elsewhere_locks_out_himself_only(
    app: Flask, hire: Hire, attempt: Try, has_been_there: bool
) -> None:
    hire()
    if has_been_there:
        assert attempt(HERE).status_code == 200
    for _ in range(12):
        assert attempt(ELSEWHERE, "wrong").status_code == 401
    assert locked_here(app, ELSEWHERE)
    assert attempt(ELSEWHERE).status_code == 401
    assert attempt(HERE).status_code == 200


def test_the_limits_in_redis_lock_nobody_elsewhere_out(client: FlaskClient, hire: Hire) -> None:
    hire()
    body = {"email": ADMIN, "password": "wrong"}
    elsewhere = {"REMOTE_ADDR": ELSEWHERE}
    statuses = [client.post(LOGIN, json=body, environ_overrides=elsewhere).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert client.post(LOGIN, json=body | {"password": PASSWORD}).status_code == 200


def test_guessing_from_many_addresses_is_no_way_round(app: Flask, hire: Hire, attempt: Try) -> None:
    """Thirty, and no address that the member has not been at opens by the password alone any more; theirs does."""
    hire()
    assert attempt(HERE).status_code == 200
    for number in range(30):
        assert attempt(f"198.51.100.{number}", "wrong").status_code == 401
    assert locks(app) == ["strangers"]
    assert attempt("203.0.113.1").status_code == 401
    before = rows(app, "SELECT count(*) FROM staff_addresses")
    assert attempt("203.0.113.2", "wrong").status_code == 401
    assert rows(app, "SELECT count(*) FROM staff_addresses") == before
    assert attempt(HERE).status_code == 200


def test_twenty_at_once_are_all_counted(app: Flask, hire: Hire) -> None:
    hire()
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert not any(pool.map(lambda _: guess(app), range(9)))
    assert not locked_here(app)
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert not any(pool.map(lambda _: guess(app), range(20)))
    assert locked_here(app)
    assert not guess(app, right=True)


def test_many_at_once_from_many_addresses_are_all_counted(app: Flask, hire: Hire) -> None:
    hire()
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert not any(pool.map(lambda number: guess(app, address=f"203.0.113.{number}"), range(40)))
    assert locks(app) == ["strangers"]
    assert rows(app, "SELECT count(*) FROM staff_addresses") == [(30,)]
    assert not guess(app, right=True, address="203.0.113.99")


def test_wrong_codes_count_like_wrong_passwords(app: Flask, authenticator: Authenticator, enter: Enter) -> None:
    for number in range(10):
        answer = enter(totp=authenticator.wrong()) if number % 2 else enter(password="wrong")
        assert answer.status_code == 401
    assert locked_here(app)


def test_a_missing_code_does_not_count(app: Flask, authenticator: Authenticator, enter: Enter) -> None:
    """Who comes as far has the password; the app asks for the code next."""
    for _ in range(12):
        assert code_of(enter()) == "totp_required"
    assert not locked_here(app)


def test_a_password_that_changed_meanwhile_proves_nothing(app: Flask, hire: Hire) -> None:
    hire()
    with app.app_context():
        proof = services.verify_password(email=ADMIN, password=PASSWORD)
        with transaction() as session:
            session.execute(text("UPDATE staff SET password_hash = 'changed'"))
        with transaction():
            assert (
                services.check_credentials(email=ADMIN, proof=proof, code=None, ip_address=HERE, now=utcnow()) is None
            )


def test_who_is_signed_in_may_change_the_password_while_strangers_guess(
    app: Flask, client: FlaskClient, hire: Hire, attempt: Try
) -> None:
    """From wherever the phone is now: that is when it should be changed."""
    hire()
    headers = bearer(attempt(HERE))
    for number in range(30):
        attempt(f"198.51.100.{number}", "wrong")
    body = {"current": PASSWORD, "new": "a better battery horse"}
    moved = {"REMOTE_ADDR": "203.0.113.5"}
    answer = client.post("/api/admin/auth/password", json=body, headers=headers, environ_overrides=moved)
    assert answer.status_code == 204


def test_addresses_that_let_nobody_in_are_forgotten_after_a_day(app: Flask, hire: Hire, attempt: Try) -> None:
    hire()
    attempt(HERE)
    attempt(ELSEWHERE, "wrong")

    def left_after(**time: int) -> list[str]:
        with app.app_context(), transaction() as session:
            cleanup.prune_sign_ins(now=utcnow() + timedelta(**time))
            return list(session.scalars(text("SELECT address FROM staff_addresses ORDER BY address")))

    assert left_after(hours=23) == [HERE, ELSEWHERE]
    assert left_after(hours=25) == [HERE]
    assert left_after(days=91) == []


def test_an_administrator_unlocks_an_account(
    app: Flask, hire: Hire, enter: Enter, attempt: Try, client: FlaskClient
) -> None:
    hire()
    member = hire("gita@example.com", "viewer")
    for _ in range(10):
        enter("gita@example.com", "wrong")
    fresh = client.post(f"/api/admin/staff/{member}/reset", headers=bearer(enter())).get_json()["password"]
    assert enter("gita@example.com", fresh).status_code == 200
