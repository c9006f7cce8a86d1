"""Members of staff who try to sign in from many addresses, with and without an authenticator."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.base.redis_clients import cache_redis
from tests.auth.conftest import Enter, Hire
from tests.auth.staff.steps import LOGIN, Authenticator, Try
from tests.auth.staff.test_totp import enrol
from tests.conftest import ADMIN, PASSWORD


@pytest.fixture
def attempt(app: Flask, client: FlaskClient) -> Try:
    """Sign in from an address. The limits in Redis are forgotten first, because they have tests of their own."""

    def sign_in(address: str, password: str = PASSWORD, **more: str) -> TestResponse:
        with app.app_context():
            cache_redis().flushdb()
        body = {"email": ADMIN, "password": password, **more}
        return client.post(LOGIN, json=body, environ_overrides={"REMOTE_ADDR": address})

    return sign_in


@pytest.fixture
def authenticator(app: Flask, client: FlaskClient, hire: Hire, enter: Enter) -> Authenticator:
    """Give the authenticator of a member who has signed in and has enrolled it here."""
    hire()
    secret, _ = enrol(client, enter())
    return Authenticator(app, secret)
