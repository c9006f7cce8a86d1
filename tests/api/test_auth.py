"""Access tokens: which are refused, and when one ends. Who may call what is in tests/house/test_permissions.py."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from powerbank.auth.staff.models import StaffMember
from powerbank.base.db import transaction, utcnow

SignIn = Callable[..., dict[str, str]]
ADDRESS = "/api/admin/system/schedules"


def test_a_member_who_left_is_out_at_once(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    assert client.get(ADDRESS, headers=headers).status_code == 200
    with app.app_context(), transaction() as session:
        session.execute(update(StaffMember).values(active=False))
    assert client.get(ADDRESS, headers=headers).status_code == 401


def test_a_new_password_voids_old_tokens(app: Flask, client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    with app.app_context(), transaction() as session:
        session.execute(update(StaffMember).values(generation=2))
    assert client.get(ADDRESS, headers=headers).status_code == 401


def forge(
    app: Flask, headers: dict[str, str], *, key: str | None = None, algorithm: str = "HS256", **claims: Any
) -> str:
    """A token like the one in the headers, but with other claims, key or algorithm. None removes a claim."""
    secret = app.config["JWT_SECRET_KEY"]
    token = headers["Authorization"].removeprefix("Bearer ")
    payload = jwt.decode(token, secret, algorithms=["HS256"], options={"verify_aud": False}) | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, key if key is not None else secret, algorithm=algorithm)


@pytest.mark.parametrize(
    ("claims", "options"),
    [
        ({"exp": utcnow() - timedelta(seconds=61)}, {}),
        ({"aud": "somebody-else"}, {}),
        ({"aud": None}, {}),
        ({"jti": None}, {}),
        ({"exp": None}, {}),
        ({"iat": None}, {}),
        ({"sub": None}, {}),
        ({"sub": "not-a-uuid"}, {}),
        ({"type": "refresh"}, {}),
        ({}, {"key": "x" * 40}),
        ({}, {"key": "", "algorithm": "none"}),
        ({}, {"algorithm": "HS512"}),
    ],
)
def test_a_forged_token_is_refused(
    app: Flask, client: FlaskClient, staff_headers: SignIn, claims: dict[str, Any], options: dict[str, Any]
) -> None:
    token = forge(app, staff_headers(), **options, **claims)
    assert client.get(ADDRESS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer a.b.c", "Basic YTpi", "Bearer " + "x" * 5000])
def test_garbage_is_refused(client: FlaskClient, header: str) -> None:
    assert client.get(ADDRESS, headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(50, 200), (70, 401)])
def test_two_hosts_may_differ_by_a_minute(
    app: Flask, client: FlaskClient, staff_headers: SignIn, seconds: int, status: int
) -> None:
    headers, off = staff_headers(), timedelta(seconds=seconds)
    for claims in ({"exp": utcnow() - off}, {"iat": utcnow() + off, "nbf": utcnow() + off}):
        token = forge(app, headers, **claims)
        assert client.get(ADDRESS, headers={"Authorization": f"Bearer {token}"}).status_code == status


def test_a_token_that_was_good_a_moment_ago_ends_with_its_time(
    app: Flask, client: FlaskClient, staff_headers: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its signature is looked at once, its time with each request."""
    headers = staff_headers()
    assert client.get(ADDRESS, headers=headers).status_code == 200
    later = utcnow() + timedelta(hours=1)
    with monkeypatch.context() as clock:
        clock.setattr("powerbank.api.auth.utcnow", lambda: later)
        assert client.get(ADDRESS, headers=headers).status_code == 401
    assert client.get(ADDRESS, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"nbf": utcnow() + timedelta(hours=2)},
        {"iat": utcnow() + timedelta(hours=2)},
        {"exp": "soon"},
        {"nbf": []},
        {"exp": 1e400},
    ],
)
def test_a_token_whose_time_has_not_come_or_is_no_time_is_refused(
    app: Flask, client: FlaskClient, staff_headers: SignIn, claims: dict[str, Any]
) -> None:
    headers = staff_headers()
    secret = app.config["JWT_SECRET_KEY"]
    payload = jwt.decode(
        headers["Authorization"].removeprefix("Bearer "), secret, algorithms=["HS256"], options={"verify_aud": False}
    )
    # The encoder of PyJWT refuses values that are no times, so the token is put together below it.
    token = jwt.api_jws.encode(json.dumps(_stamped(payload | claims)).encode(), secret)
    assert client.get(ADDRESS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def _stamped(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value.timestamp() if isinstance(value, datetime) else value for name, value in claims.items()}


def test_one_audience_is_not_taken_for_the_other(client: FlaskClient, staff_headers: SignIn) -> None:
    headers = staff_headers()
    assert client.get(ADDRESS, headers=headers).status_code == 200
    assert client.get("/api/users/me", headers=headers).status_code == 401
