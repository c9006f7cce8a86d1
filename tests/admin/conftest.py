"""Make people whom staff find and look at."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from powerbank.auth.people import sessions
from powerbank.base.db import transaction
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import Identifier


@pytest.fixture
def person(app: Flask, clean: None) -> Callable[..., UUID]:
    def make(username: str = "sita", phone: str = "9812345678", email: str | None = None, **names: str) -> UUID:
        with app.app_context(), transaction() as session:
            user = users.create_user(
                contact=identifiers.parse_contact_address(phone),
                username=username,
                referral_code=None,
                first_name=names.get("first_name"),
                last_name=names.get("last_name"),
            )
            if email:
                session.add(Identifier(user_id=user.id, kind="email", value=email))
            return user.id

    return make


@pytest.fixture
def signed_in(app: Flask) -> Callable[[UUID], dict[str, str]]:
    def begin(user_id: UUID) -> dict[str, str]:
        with app.app_context(), transaction() as session:
            tokens = sessions.begin_session(session.get_one(users.User, user_id), user_agent=None)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    return begin
