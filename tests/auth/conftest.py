"""Members of staff with a known password, and their sign-in over HTTP."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from powerbank.auth.staff import administration
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import cache_redis
from tests.conftest import ADMIN, PASSWORD

Hire = Callable[..., UUID]
Enter = Callable[..., TestResponse]


@pytest.fixture
def hire(app: Flask, clean: None) -> Hire:
    """Make a member of staff and return the id."""

    def make(email: str = ADMIN, role: str = "superadmin", password: str = PASSWORD) -> UUID:
        with app.app_context(), transaction():
            administration.ensure_staff(email=email, password=password, role=Role(role))
            member = db.session.scalars(select(StaffMember).where(StaffMember.email == email)).one()
            return member.id

    return make


@pytest.fixture
def enter(app: Flask, client: FlaskClient) -> Enter:
    """Sign in over the API. The limits in Redis are forgotten first, because they have tests of their own."""

    def sign_in(email: str = ADMIN, password: str = PASSWORD, **more: str) -> TestResponse:
        with app.app_context():
            cache_redis().flushdb()
        return client.post("/api/admin/auth/login", json={"email": email, "password": password, **more})

    return sign_in


def bearer(answer: TestResponse) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
