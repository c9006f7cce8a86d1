"""Access tokens, and which role may call which route."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from powerbank.auth.models import StaffMember
from powerbank.auth.roles import PERMISSIONS, Role
from powerbank.db import transaction, utcnow

SignIn = Callable[..., dict[str, str]]
ADDRESS = "/api/admin/system/schedules"


def guarded_routes(app: Flask) -> list[tuple[str, str, str | None]]:
    """(method, address with made-up ids, permission) of every staff route."""
    found = []
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/admin/") or rule.rule == "/api/admin/auth/login":
            continue
        view: Any = app.view_functions[rule.endpoint]
        arguments = dict.fromkeys(rule.arguments, "x")
        for name in rule.arguments:
            if name.endswith("_id"):
                arguments[name] = "01900000-0000-7000-8000-000000000000"
        address = rule.rule
        for name, value in arguments.items():
            address = address.replace(f"<uuid:{name}>", value).replace(f"<{name}>", value)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            handler = getattr(view.view_class, method.lower()) if hasattr(view, "view_class") else view
            found.append((method, address, getattr(handler, "_apidoc", {}).get("permission")))
    return found


def test_every_staff_route_names_a_permission_that_exists(app: Flask) -> None:
    known = set().union(*PERMISSIONS.values())
    routes = guarded_routes(app)
    assert len(routes) > 20
    assert [route for route in routes if route[2] not in known] == []


@pytest.mark.parametrize("role", [*Role])
def test_a_role_reaches_its_routes_and_no_others(
    app: Flask, client: FlaskClient, staff_headers: SignIn, role: Role
) -> None:
    headers = staff_headers(role.value)
    for method, address, permission in guarded_routes(app):
        status = client.open(address, method=method, headers=headers, json={}).status_code
        allowed = permission in PERMISSIONS[role]
        assert (status != 403) == allowed, (method, address, permission, status)
        assert status not in (401, 500), (method, address)


def test_without_a_token_no_staff_route_answers(app: Flask, client: FlaskClient) -> None:
    for method, address, _ in guarded_routes(app):
        assert client.open(address, method=method, json={}).status_code == 401, (method, address)


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
    payload = jwt.decode(token, secret, algorithms=["HS256"], audience="powerbank-staff") | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, key if key is not None else secret, algorithm=algorithm)


@pytest.mark.parametrize(
    ("claims", "options"),
    [
        ({"exp": utcnow() - timedelta(seconds=1)}, {}),
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
