"""Every route × every role, found in the application itself: a new route is covered by being there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.api.auth import SIGNED_IN
from powerbank.auth.people import sessions
from powerbank.auth.staff import administration
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.api.test_auth import forge
from tests.conftest import PASSWORD
from tests.house.walk import Route, routes

StaffHeaders = Callable[..., dict[str, str]]

# A route that gives a token cannot ask for one.
SIGN_IN = {"/api/admin/auth/login", "/api/admin/auth/refresh", "/api/admin/auth/logout"}


PUBLIC = {
    "GET /",
    "GET /favicon.ico",
    "GET /docs",
    "GET /docs/assets/<path:name>",
    "GET /docs/guides/",
    "GET /docs/guides/<name>",
    "GET /docs/guides/examples/<path:name>",
    "GET /docs/reference",
    "GET /docs/try",
    "GET /openapi.json",
    "GET /static/<path:filename>",
    "GET /health/live",
    "GET /health/queues",
    "GET /health/ready",
    "GET /metrics",
    "POST /api/auth/get-otp",
    "POST /api/auth/verify-otp",
    "POST /api/auth/register",
    "POST /api/auth/refresh",
    "POST /api/auth/logout",
    "POST /api/auth/logout-all",
    "POST /api/admin/auth/login",
    "POST /api/admin/auth/refresh",
    "POST /api/admin/auth/logout",
    "GET /api/app/banners",
    "GET /api/app/countries",
    "GET /api/app/version",
    "GET /api/app/web-push-key",
    "GET /api/content/faq",
    "GET /api/content/<any('terms-of-service', 'privacy-policy', about, contact):slug>",
    "GET /api/stations",
    "GET /api/stations/nearby",
    "GET /api/stations/<sn>",
    "GET /s/<sn>",
    "GET /api/packages",
    "GET /gbfs/3.0/<any(gbfs, system_information, vehicle_types, station_information, station_status):name>.json",
    "GET /api/referrals/validate",
    "GET /api/payment/exchange-rates",
    "GET /api/payment/methods",
    "GET /api/payment/return/<string:gateway>",
    "GET /app/",
    "GET /app/<path:view>",
    "GET /app/files/<version>/<path:name>",
    "GET /app/manifest.webmanifest",
    "GET /app/worker.js",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-in/code",
    "POST /sign-in/language",  # this one and the tickets look for the cookie themselves
    "POST /sign-in/live-ticket",
    "POST /sign-in/out",
    # These routes take another proof: an address that nobody can guess, a signed link, or a signature over the body.
    # Some are for this machine only, or for whoever has the monitors' token.
    "GET /media/avatars/<string:key>.jpg",
    "GET /media/documents/<uuid:document_id>.jpg",
    "POST /api/payment/webhook/<string:gateway>",
    "POST /internal/rental/return-event",
    "POST /internal/stations/<imei>/report",
}


def in_console(route: Route) -> bool:
    return route.rule.rule.startswith(("/console", "/ops/"))


def in_pages_of_people(route: Route) -> bool:
    return route.rule.rule.startswith(("/crew", "/partner"))


def staff_routes(app: Flask) -> list[Route]:
    return [route for route in routes(app, "/api/admin/") if route.rule.rule not in SIGN_IN]


def personal_routes(app: Flask) -> list[Route]:
    return [route for route in routes(app) if route.permission == "user"]


def status(client: FlaskClient, route: Route, headers: dict[str, str] | None = None) -> int:
    return client.open(route.address(), method=route.method, headers=headers, json={}).status_code


@pytest.fixture
def person(app: Flask, clean: None) -> dict[str, str]:
    with app.app_context(), transaction():
        address = identifiers.parse_contact_address("9812345678")
        user = users.create_user(contact=address, username="sita", first_name=None, last_name=None, referral_code=None)
        return {"Authorization": f"Bearer {sessions.begin_session(user, user_agent=None).access_token}"}


def test_every_staff_route_names_a_permission_that_a_role_has(app: Flask) -> None:
    known = set().union(*PERMISSIONS.values())
    found = staff_routes(app)
    assert len(found) > 30
    assert [str(route) for route in found if route.permission not in known] == []


def test_every_permission_opens_something(app: Flask) -> None:
    """One that is not a route's own is asked for inside a route; those are few and named here."""
    asked_inside = {"users.contact"}
    asked = {route.permission for route in staff_routes(app)} | asked_inside
    assert set().union(*PERMISSIONS.values()) - asked == set()


def test_nothing_outside_the_staffs_part_asks_for_a_staff_permission(app: Flask) -> None:
    elsewhere = [route for route in routes(app) if not route.rule.rule.startswith("/api/admin/")]
    assert [str(route) for route in elsewhere if route.permission not in (None, "user", SIGNED_IN)] == []


def test_routes_for_people_and_staff_are_closed_to_others(
    app: Flask, client: FlaskClient, person: dict[str, str], staff_headers: StaffHeaders
) -> None:
    found = [route for route in routes(app) if route.permission == SIGNED_IN]
    # Whoever has signed in gets these answers, because there is no such operation and no topic was named.
    answers = {
        "GET /api/operations/<uuid:operation_id>": 404,
        "GET /api/operations/<uuid:operation_id>/items": 404,
        "POST /api/operations/<uuid:operation_id>/stop": 404,
        "POST /api/live/tickets": 422,
    }
    assert {str(route) for route in found} == answers.keys()
    staff = staff_headers("viewer")
    for route in found:
        answer = answers[str(route)]
        assert [status(client, route, headers) for headers in (None, person, staff)] == [401, answer, answer]
        assert status(client, route, {"Authorization": f"Bearer {forge(app, staff, aud='somebody-else')}"}) == 401
    with app.app_context(), transaction() as session:
        session.query(StaffMember).update({"password_temporary": True})
    for route in found:
        assert status(client, route, staff) == 403, str(route)


def test_routes_open_to_everybody_are_named_here(app: Flask) -> None:
    """A route that forgot its guard would else be found by none of these walks."""
    unguarded = [route for route in routes(app, "/") if route.permission is None]
    assert {str(route) for route in unguarded if not in_console(route) and not in_pages_of_people(route)} == PUBLIC


def test_the_pages_of_people_lead_strangers_to_the_sign_in(
    app: Flask, client: FlaskClient, person: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", [])
    for route in filter(in_pages_of_people, routes(app, "/")):
        for headers in (None, person):
            answer = client.open(route.address(), method=route.method, headers=headers)
            assert answer.headers.get("Location", "").startswith("/sign-in"), (str(route), answer.status_code)


def test_the_console_is_closed_to_strangers_and_to_people(
    app: Flask, client: FlaskClient, person: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", [])  # what turns them away is the guard, not a missing token
    found = [route for route in routes(app, "/") if in_console(route) and route.rule.rule != "/console/login"]
    assert len(found) > 30
    for route in found:
        for headers in (None, person):
            answer = client.open(route.address(), method=route.method, headers=headers)
            assert answer.headers.get("Location", "").startswith("/console/login"), (str(route), answer.status_code)


# Every member of staff may send these forms of the console: they concern the member's own sign-in and reading.
OWN_FORMS = (
    *("/console/login", "/console/logout", "/console/language", "/console/live-ticket", "/console/account"),
    *("/console/notices", "/console/operations", "/console/growth/messages/<type_name>/preview"),
)


def test_a_viewer_sends_no_form_of_the_console(app: Flask, clean: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard of a page stands first, whatever the form says and whatever its address names."""
    monkeypatch.setitem(app.config, "WTF_CSRF_METHODS", [])
    with app.app_context(), transaction():
        administration.ensure_staff(email="viewer@example.com", password=PASSWORD, role=Role.VIEWER)
    client = app.test_client()
    client.post("/console/login", data={"email": "viewer@example.com", "password": PASSWORD})
    assert client.get("/console/notices").status_code == 200
    found = [route for route in routes(app, "/console/") if route.method == "POST"]
    closed = [route for route in found if not route.rule.rule.startswith(OWN_FORMS)]
    assert len(closed) > 20
    answers = {str(route): client.post(route.address(), data={"once": str(new_id())}).status_code for route in closed}
    assert {route: status for route, status in answers.items() if status != 403} == {}


@pytest.mark.parametrize("role", [*Role])
def test_a_role_reaches_its_routes_and_no_others(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders, role: Role
) -> None:
    headers = staff_headers(role.value)
    for route in staff_routes(app):
        got = status(client, route, headers)
        assert (got != 403) == (route.permission in PERMISSIONS[role]), (str(route), got)
        assert got not in (401, 500), str(route)


def test_no_route_answers_without_a_token(app: Flask, client: FlaskClient) -> None:
    for route in [*staff_routes(app), *personal_routes(app)]:
        assert status(client, route) == 401, str(route)


def test_a_persons_token_opens_no_staff_route(app: Flask, client: FlaskClient, person: dict[str, str]) -> None:
    for route in staff_routes(app):
        assert status(client, route, person) == 401, str(route)
    leaving_last = sorted(personal_routes(app), key=lambda route: str(route) == "DELETE /api/users/me")
    for route in leaving_last:
        assert status(client, route, person) != 401, str(route)


def test_a_staff_token_opens_no_persons_route(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers()
    for route in personal_routes(app):
        assert status(client, route, headers) == 401, str(route)


@pytest.mark.parametrize(
    ("claims", "options"),
    [
        ({"exp": utcnow() - timedelta(minutes=2)}, {}),
        ({"aud": "somebody-else"}, {}),
        ({}, {"key": "x" * 40}),
        ({}, {"key": "", "algorithm": "none"}),
        ({}, {"algorithm": "HS512"}),
        ({"sid": "01900000-0000-7000-8000-000000000000"}, {}),
        ({"sid": None}, {}),
    ],
    ids=["expired", "wrong-audience", "other-key", "alg-none", "other-algorithm", "other-session", "no-session"],
)
@pytest.mark.parametrize("whose", ["staff", "person"])
def test_a_forged_token_opens_none(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: dict[str, str],
    whose: str,
    claims: dict[str, Any],
    options: dict[str, Any],
) -> None:
    real, found = (staff_headers(), staff_routes(app)) if whose == "staff" else (person, personal_routes(app))
    assert status(client, found[0], real) != 401
    headers = {"Authorization": f"Bearer {forge(app, real, **options, **claims)}"}
    for route in found:
        assert status(client, route, headers) == 401, str(route)


def test_a_persons_token_with_the_audience_of_staff_is_nobodys(
    app: Flask, client: FlaskClient, person: dict[str, str]
) -> None:
    """Even one signed with our key: there is no staff session behind it."""
    headers = {"Authorization": f"Bearer {forge(app, person, aud='powerbank-staff', role='superadmin')}"}
    for route in staff_routes(app):
        assert status(client, route, headers) == 401, str(route)


def test_a_member_who_was_not_let_finish_reaches_only_the_own_account(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers()
    with app.app_context(), transaction() as session:
        session.query(StaffMember).update({"password_temporary": True})
    for route in staff_routes(app):
        got = status(client, route, headers)
        assert (got == 403) == (route.permission != "account.manage"), str(route)
