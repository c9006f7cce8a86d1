"""People with an unfinished profile are reminded a few times, and unfinished registrations are repeated."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.notifications import send_reminders
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.people import reminders
from powerbank.users import lifecycle
from tests.people import People, change, rows

Work = Callable[..., None]
FILLED = "first_name = 'Sita', last_name = 'Rai', date_of_birth = '1990-01-01', address = 'Thamel', city = 'Kathmandu'"


def told(app: Flask) -> list[tuple[str, str]]:
    return [tuple(row) for row in rows(app, "SELECT dedup_key, type FROM notices ORDER BY id")]


def remind(app: Flask, days: float) -> list[str]:
    """Run the reminders so many days after the registration."""
    before = {key for key, _ in told(app)}
    with app.app_context():
        send_reminders(now=utcnow() + timedelta(days=days))
    return sorted({key for key, _ in told(app)} - before)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)


def test_unfinished_profile_is_reminded_once_at_each_stage(app: Flask, people: People) -> None:
    for number in range(5):
        people.join(f"person{number}")
    change(app, "UPDATE users SET status = 'suspended' WHERE username = 'person4'")
    seen = {days: remind(app, days) for days in (0.5, 1.1, 2, 2.9, 3.1, 9, 13.9, 14.1, 21.1, 400)}
    stages = {days: keys for days, keys in seen.items() if keys}
    assert stages == {
        1.1: ["profile_reminder:1"],
        3.1: ["profile_reminder:3"],
        9: ["profile_reminder:7"],
        14.1: ["profile_reminder:14"],
    }
    assert rows(app, "SELECT count(*) FROM notices GROUP BY user_id") == [(4,)] * 4


def test_complete_profile_is_reminded_of_the_identity_check(app: Flask, people: People) -> None:
    people.join("sita")
    change(app, f"UPDATE users SET {FILLED}")
    assert remind(app, 1.1) == ["kyc_reminder:1"]
    change(app, "UPDATE users SET kyc_status = 'pending'")
    assert remind(app, 3.1) == []
    change(app, "UPDATE users SET kyc_status = 'rejected'")
    assert remind(app, 3.2) == ["kyc_reminder:3"]
    change(app, "UPDATE users SET kyc_status = 'approved'")
    assert remind(app, 7.1) == []


def test_no_reminder_where_no_identity_check_is_required(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]]
) -> None:
    people.join("sita")
    change(app, f"UPDATE users SET {FILLED}")
    client.patch("/api/admin/config/kyc_required", json={"value": False}, headers=staff_headers())
    assert remind(app, 1.1) == []


def test_unfinished_registration_is_repeated(app: Flask, people: People, work: Work) -> None:
    for name in ("fresh", "lost", "whole", "old", "gone"):
        people.join(name)
    change(app, "UPDATE users SET created_at = now() - interval '2 hours' WHERE username IN ('lost', 'whole', 'gone')")
    change(app, "UPDATE users SET created_at = now() - interval '40 days' WHERE username = 'old'")
    change(app, "UPDATE users SET status = 'deleted', deleted_at = now() WHERE username = 'gone'")
    with app.app_context(), transaction() as session:
        from powerbank.users.models import User

        lifecycle.complete_registration(session.query(User.id).filter_by(username="whole").scalar())
    for _ in range(2):
        with app.app_context(), transaction():
            reminders.repeat_registration_steps(now=utcnow())
        work()
    told = "SELECT username FROM notices JOIN users ON users.id = user_id WHERE type = 'welcome' ORDER BY username"
    welcomed = rows(app, told)
    assert [row.username for row in welcomed] == ["lost", "whole"]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE job = 'post_registration'") == [(1,)]
