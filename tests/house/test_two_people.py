"""What belongs to a person is not found by another: every route with an id in its address, walked twice.

A new route fails the first test until FACTORIES says how its object is made.
"""

from collections.abc import Mapping
from uuid import UUID

import pytest
from flask import Flask
from flask.views import MethodView
from marshmallow import Schema, fields

from powerbank import create_app
from powerbank.api.auth import SIGNED_IN, current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.auth.people import sessions
from powerbank.base.db import transaction
from powerbank.base.errors import NotFoundError
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.house.belongings import (
    Belonging,
    Factory,
    a_conversation,
    a_conversation_that_is_solved,
    a_conversation_to_read,
    a_conversation_with_a_photo,
    a_device,
    a_due,
    a_notice,
    a_refund,
    a_rental,
    a_rental_somewhere,
    a_rental_that_is_owed_for,
    a_rental_to_bring_back,
    a_rental_to_extend,
    a_reservation,
    a_sign_in,
    a_topup,
    an_operation,
)
from tests.house.belongings_at_work import (
    a_hosted_station,
    a_member,
    a_paid_payout,
    a_report,
    a_report_file,
    a_statement,
    a_station_of_the_crew,
    a_task,
    an_agreement,
)
from tests.house.walk import NOBODY, Route, routes
from tests.ledger.conftest import key

FACTORIES: dict[str, Factory] = {
    "/api/crew/tasks/<uuid:task_id>": a_task,
    "/api/crew/tasks/<uuid:task_id>/claim": a_task,
    "/api/crew/tasks/<uuid:task_id>/release": a_task,
    "/api/crew/tasks/<uuid:task_id>/start": a_task,
    "/api/crew/tasks/<uuid:task_id>/complete": a_task,
    "/api/crew/stations/<sn>/open-slots": a_station_of_the_crew,
    "/api/support/conversations/<uuid:conversation_id>": a_conversation,
    "/api/support/conversations/<uuid:conversation_id>/messages": a_conversation,
    "/api/support/conversations/<uuid:conversation_id>/messages/<uuid:message_id>/photo.jpg": (
        a_conversation_with_a_photo
    ),
    "/api/support/conversations/<uuid:conversation_id>/read": a_conversation_to_read,
    "/api/support/conversations/<uuid:conversation_id>/typing": a_conversation,
    "/api/support/conversations/<uuid:conversation_id>/solved": a_conversation,
    "/api/support/conversations/<uuid:conversation_id>/rating": a_conversation_that_is_solved,
    "/api/partner/stations/<sn>": a_hosted_station,
    "/api/partner/stations/<sn>/report-issue": a_hosted_station,
    "/api/partner/members/<uuid:member_id>": a_member,
    "/api/partner/statements/<uuid:statement_id>.json": a_statement,
    "/api/partner/statements/<uuid:statement_id>.csv": a_statement,
    "/api/partner/payouts/<uuid:payout_id>": a_paid_payout,
    "/api/partner/payouts/<uuid:payout_id>/statement.json": a_paid_payout,
    "/api/partner/payouts/<uuid:payout_id>/statement.csv": a_paid_payout,
    "/api/partner/payouts/<uuid:payout_id>/statement.pdf": a_paid_payout,
    "/api/partner/statements/<uuid:statement_id>.pdf": a_statement,
    "/api/partner/reports/<uuid:report_id>": a_report,
    "/api/partner/reports/<uuid:report_id>.<any(pdf, csv, xlsx):format_>": a_report_file,
    "/api/partner/agreements/<uuid:agreement_id>/terms.pdf": an_agreement,
    "/api/reservations/<uuid:reservation_id>": a_reservation,
    "/api/rentals/<uuid:rental_id>": a_rental,
    "/api/rentals/<uuid:rental_id>/cancel": a_rental,
    "/api/rentals/<uuid:rental_id>/extend": a_rental_to_extend,
    "/api/rentals/<uuid:rental_id>/pay-due": a_rental_that_is_owed_for,
    "/api/rentals/<uuid:rental_id>/report-issue": a_rental,
    "/api/rentals/<uuid:rental_id>/location": a_rental_somewhere,
    "/api/rentals/<uuid:rental_id>/return-blocked": a_rental_to_bring_back,
    "/api/notifications/<uuid:notice_id>": a_notice,
    "/api/users/me/devices/<uuid:device_id>": a_device,
    "/api/users/me/sign-ins/<uuid:sign_in_id>": a_sign_in,
    "/api/operations/<uuid:operation_id>": an_operation,
    "/api/operations/<uuid:operation_id>/items": an_operation,
    "/api/operations/<uuid:operation_id>/stop": an_operation,
    "/api/payment/refunds/<uuid:refund_id>": a_refund,
    "/api/users/me/dues/<uuid:due_id>/pay": a_due,
    "/api/payment/intents/<uuid:intent_id>": a_topup,
    "/api/payment/intents/<uuid:intent_id>/cancel": a_topup,
    "/api/payment/intents/<uuid:intent_id>/verify": a_topup,
}


# A station belongs to everybody.
NOT_OWNED = {"/api/stations/<sn>/favorite", "/api/stations/<sn>/report-issue"}


def personal_routes_with_ids(app: Flask) -> list[Route]:
    found = [route for route in routes(app) if route.permission in ("user", SIGNED_IN) and route.names]
    return [route for route in found if route.rule.rule not in NOT_OWNED]


def person(app: Flask, username: str, phone: str) -> tuple[UUID, dict[str, str]]:
    with app.app_context(), transaction():
        address = identifiers.parse_contact_address(phone)
        user = users.create_user(
            contact=address, username=username, first_name=None, last_name=None, referral_code=None
        )
        return user.id, {"Authorization": f"Bearer {sessions.begin_session(user, user_agent=None).access_token}"}


def refuse_strangers(app: Flask, found: list[Route], factories: Mapping[str, Factory]) -> None:
    """Check that another person is told that there is nothing, and that the owner finds the object as it was."""
    owner, owner_headers = person(app, "owner", "9812345678")
    _, stranger_headers = person(app, "stranger", "9812345679")
    client = app.test_client()
    for route in found:
        with app.app_context():
            belonging = factories[route.rule.rule](owner)

        def ask(headers: dict[str, str], route: Route = route, belonging: Belonging = belonging) -> int:
            body = belonging.bodies.get(route.method, {})
            address = route.address(belonging.values)
            keyed = headers | {"Idempotency-Key": key()}
            return client.open(address, method=route.method, headers=keyed, json=body).status_code

        assert ask(stranger_headers) == 404, f"{route} answers another person"
        assert ask(owner_headers) < 300, f"{route} does not answer its owner"


def test_each_route_with_an_id_has_a_factory(app: Flask) -> None:
    rules = {route.rule.rule for route in personal_routes_with_ids(app)}
    assert rules - FACTORIES.keys() == set(), "say in FACTORIES how the object of these routes is made"
    assert FACTORIES.keys() - rules == set(), "these routes are gone"


def test_strangers_find_nothing(app: Flask, clean: None) -> None:
    refuse_strangers(app, personal_routes_with_ids(app), FACTORIES)


class NoteSchema(Schema):
    text = fields.String(required=True)


@pytest.fixture(scope="module")
def notes_app(app: Flask) -> tuple[Flask, dict[UUID, UUID]]:
    """Make an application to prove the walk. It has one route that checks its owner and one that forgets to."""
    owners: dict[UUID, UUID] = {}
    blueprint = Blueprint("Notes", __name__, url_prefix="/api/notes")

    @blueprint.route("/<uuid:note_id>")
    class Note(MethodView):
        @user_only
        def get(self, note_id: UUID) -> dict[str, str]:
            if owners.get(note_id) != current_user_id():
                raise NotFoundError("note")
            return {"text": "mine"}

        @user_only
        @blueprint.arguments(NoteSchema)
        def put(self, body: dict[str, str], note_id: UUID) -> dict[str, str]:
            if note_id not in owners:
                raise NotFoundError("note")
            return body

    other = create_app()
    other.register_blueprint(blueprint)
    return other, owners


@pytest.mark.parametrize(("method", "leaks"), [("GET", False), ("PUT", True)])
def test_the_walk_finds_the_route_that_leaks(
    notes_app: tuple[Flask, dict[UUID, UUID]], clean: None, method: str, leaks: bool
) -> None:
    app, owners = notes_app
    note_id = UUID(NOBODY)

    def note(owner: UUID) -> Belonging:
        owners[note_id] = owner
        return Belonging({"note_id": note_id}, {"PUT": {"text": "changed"}})

    found = [route for route in personal_routes_with_ids(app) if route.method == method and "notes" in route.rule.rule]
    assert len(found) == 1
    if leaks:
        with pytest.raises(AssertionError, match="PUT /api/notes/<uuid:note_id> answers another person"):
            refuse_strangers(app, found, {found[0].rule.rule: note})
    else:
        refuse_strangers(app, found, {found[0].rule.rule: note})
