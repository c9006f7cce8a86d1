"""Every POST that moves money, hardware or points asks for an Idempotency-Key."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import transaction
from tests.house.moves import COUNT, KEYED_OTHERWISE, MOVES_NOTHING, uncounted
from tests.house.walk import Route, notes, routes
from tests.people import People

# A repeat moves nothing again here, whether or not a key says so: a bank that is in quarantine stays in it, a rental
# that is lost is not lost and charged again, a payment that was reviewed is refused.
MAY_LEAVE_IT_OUT = {
    "POST /api/rentals/<uuid:rental_id>/report-issue",
    "POST /api/rentals/<uuid:rental_id>/return-blocked",  # while the meter stands still, the same pause comes back
    "POST /api/admin/payments/review/<uuid:intent_id>/resolve",
    "POST /api/admin/stations/<sn>/maintenance",
    "POST /api/admin/stations/<sn>/slots/<int:slot_number>/release",
    # A task goes each way once, and a power bank that is in no hand cannot be handed in again.
    *(f"POST /api/crew/tasks/<uuid:task_id>/{act}" for act in ("claim", "release", "start", "complete")),
    *(f"POST /api/admin/tasks/<uuid:task_id>/{act}" for act in ("assign", "cancel", "verify", "reject")),
    *(f"POST /api/crew/{act}" for act in ("shift/end", "break/end", "banks/drop", "banks/take")),
    "POST /api/admin/warehouses/<uuid:warehouse_id>/count",  # the same power banks are missing the second time
    *(f"POST /api/admin/powerbanks/<serial>/{act}" for act in ("quarantine", "release", "write-off", "found", "place")),
}


def posts(app: Flask, *pages: str) -> Iterator[Route]:
    for prefix in ("/api/", "/internal/", *pages):
        yield from (route for route in routes(app, prefix) if route.method == "POST")


def moving(app: Flask) -> list[Route]:
    return [route for route in posts(app) if str(route) not in MOVES_NOTHING | KEYED_OTHERWISE.keys()]


def test_a_post_is_idempotent_unless_it_is_known_to_move_nothing(app: Flask) -> None:
    """Whoever adds a route makes it idempotent, or says here that it moves nothing: then the watch of all tests
    looks after it."""
    assert [str(route) for route in moving(app) if not notes(app, route.rule, "POST").get("idempotent")] == []


def test_the_lists_name_routes_that_are_there(app: Flask) -> None:
    known = {str(route) for route in posts(app, "/console/", "/crew/", "/partner/")}
    assert (MOVES_NOTHING | KEYED_OTHERWISE.keys()) - known == set()


def test_a_key_may_be_left_out_only_where_a_repeat_finds_nothing_to_do(app: Flask) -> None:
    optional = {str(route) for route in posts(app) if notes(app, route.rule, "POST").get("idempotent") == "optional"}
    assert optional == MAY_LEAVE_IT_OUT


def test_without_a_key_nothing_that_moves_is_done(
    app: Flask, client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]]
) -> None:
    person, staff = people.join("sita").headers, staff_headers()
    found = [route for route in moving(app) if str(route) not in MAY_LEAVE_IT_OUT]
    assert len(found) > 20
    for route in found:
        if route.rule.rule.endswith(
            ("/resolve", "/remote-command", "/station-actions")
        ):  # these look at the body first
            continue
        headers = (person if route.permission == "user" else staff) | {"Idempotency-Key": ""}
        answer = client.post(route.address(), headers=headers, json={})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_required"), str(route)


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("/api/admin/stations/{}/remote-command", {"command": "reboot"}),
        ("/api/admin/station-actions", {"action": "reboot", "reason": "x", "sns": ["A"]}),
        ("/api/admin/rentals/{}/resolve", {"action": "charge", "amount": "1.00", "reason": "wrong"}),
    ],
)
def test_nor_where_the_body_is_read_first(
    client: FlaskClient, people: People, staff_headers: Callable[..., dict[str, str]], route: str, body: dict[str, str]
) -> None:
    headers = staff_headers() if "admin" in route else people.join("sita").headers
    nothing = "01900000-0000-7000-8000-000000000000"
    answer = client.post(route.format(nothing), headers=headers | {"Idempotency-Key": ""}, json=body)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "idempotency_key_required")


def test_the_watch_sees_a_write(app: Flask, clean: None, moves: list[str]) -> None:
    """What it would say of a route that is in the wrong list."""
    write = text("INSERT INTO station_commands (id) SELECT NULL WHERE false")
    with app.test_request_context("/api/notifications/mark-all-read", method="POST"), transaction() as session:
        session.execute(write)
    with app.test_request_context("/api/rentals/initiate", method="POST"), transaction() as session:
        session.execute(write)
    assert moves == [
        "POST /api/notifications/mark-all-read is not idempotent and does this: INSERT INTO station_commands"
    ]
    moves.clear()


def test_the_watch_sees_money_that_counts_against_nobody(app: Flask, clean: None, moves: list[str]) -> None:
    write, count = (text(f"INSERT INTO {table} (id) SELECT NULL WHERE false") for table in ("ledger_entries", COUNT))
    person = "/api/admin/users/01900000-0000-7000-8000-000000000000"
    for path, statements in ((f"{person}/adjust-balance", (write, count)), (f"{person}/adjust-points", (write,))):
        with app.test_request_context(path, method="POST"), transaction() as session:
            for statement in statements:
                session.execute(statement)
            moves.extend(uncounted(Response()))
    assert moves == [
        "POST /api/admin/users/<uuid:user_id>/adjust-points moves money that counts against nobody's allowance"
    ]
    moves.clear()
