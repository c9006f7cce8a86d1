"""The people of the tests, and what vendors are given for them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.auth.people import otp, sessions
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import cache_redis
from powerbank.users import identifiers
from powerbank.users import services as users
from scripts.sandbox.messages import Channel, Message
from scripts.sandbox.server import Sandbox

Headers = dict[str, str]


@dataclass(frozen=True)
class Person:
    id: UUID
    headers: dict[str, str]
    refresh_token: str


class People:
    def __init__(self, app: Flask) -> None:
        self.app = app
        self._phone = 9812340000

    def join(self, username: str, identifier: str | None = None, *, language: str = "en") -> Person:
        """Register a person and sign them in on one device. No job waits to be done for them."""
        self._phone += 1
        address = identifiers.parse_contact_address(identifier or str(self._phone))
        with self.app.app_context(), transaction() as session:
            user = users.create_user(
                contact=address,
                username=username,
                first_name=None,
                last_name=None,
                referral_code=None,
                language=language,
            )
            tokens = sessions.begin_session(user, user_agent=None)
            follow = "DELETE FROM outbox_jobs WHERE job IN ('post_registration', 'process_referral')"
            session.execute(text(follow))
        return Person(user.id, {"Authorization": f"Bearer {tokens.access_token}"}, tokens.refresh_token)

    def sign_in(self, person: Person) -> Person:
        """Sign a person in once more, on another device."""
        with self.app.app_context(), transaction() as session:
            user = users.lock_user(person.id)
            tokens = sessions.begin_session(user, user_agent=None)
            session.flush()
        return Person(person.id, {"Authorization": f"Bearer {tokens.access_token}"}, tokens.refresh_token)

    def ask_code(
        self, client: FlaskClient, identifier: str, purpose: str = "login", person: Person | None = None, **headers: str
    ) -> tuple[str, str]:
        """Ask for a one-time code and give the challenge and the code. Rate limits are forgotten first."""
        with self.app.app_context():
            cache_redis().flushdb()
        answer = client.post(
            "/api/auth/get-otp",
            json={"identifier": identifier, "purpose": purpose},
            headers=(person.headers if person else {}) | headers,
        )
        assert answer.status_code == 202, answer.text
        challenge_id = answer.get_json()["challenge_id"]
        with self.app.app_context():
            return challenge_id, otp.derive_code(UUID(challenge_id))


class Inbox:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def of(self, channel: str, to: str | None = None) -> list[Message]:
        return self.sandbox.messages.newest_first(channel=Channel(channel), to=to)

    def bodies(self, channel: str, to: str | None = None) -> list[str]:
        return [message.body for message in self.of(channel, to)]


def rows(app: Flask, query: str, **values: Any) -> list[Any]:
    """Read rows from the database, afresh."""
    with app.app_context():
        return list(db.session.execute(text(query), values).all())


def change(app: Flask, statement: str, **values: Any) -> None:
    with app.app_context(), transaction() as session:
        session.execute(text(statement), values)


def joined(app: Flask, username: str = "sita") -> Headers:
    """Make an account, sign in and give the headers."""
    with app.app_context(), transaction():
        user = users.create_user(
            contact=identifiers.parse_contact_address(f"{username}@example.com"),
            username=username,
            first_name="Sita",
            last_name="Rai",
            referral_code=None,
        )
        return {"Authorization": f"Bearer {sessions.begin_session(user, user_agent=None).access_token}"}
