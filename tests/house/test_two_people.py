"""What belongs to a person is not found by another: every route with an id in its address, walked twice.

A new route fails the first test until FACTORIES says how its object is made.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.views import MethodView
from marshmallow import Schema, fields
from sqlalchemy import select

from powerbank import create_app
from powerbank.api.auth import SIGNED_IN, current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.auth.people import sessions
from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.crew.members import services as crew
from powerbank.crew.members.models import Member as CrewMember
from powerbank.crew.tasks import claims
from powerbank.crew.tasks import queries as tasks
from powerbank.crew.tasks import services as task_services
from powerbank.crew.tasks.models import Task
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.notifications.delivery import devices
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.outbox import operations
from powerbank.outbox.catalogue import payment_jobs
from powerbank.partners import queries as partner_queries
from powerbank.partners import services as partners
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import MemberRole
from powerbank.payments.refunds import services as refunds
from powerbank.payments.topups import services as intents
from powerbank.payouts.statements import services as statements
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations.models import Reservation
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.packages.models import Package
from powerbank.stations.registry import services as registry
from powerbank.support import services as support
from powerbank.support.models import Conversation, Subject
from powerbank.users import identifiers
from powerbank.users import services as users
from tests.house.walk import NOBODY, Route, routes
from tests.ledger.conftest import about, key, top_up
from tests.payouts.conftest import make_paid_payout
from tests.rentals import rentals_in_states
from tests.stations.conftest import FACTS, seat_bank
from tests.stations.prepared import mark_seen


@dataclass(frozen=True)
class Belonging:
    """Something of a person's: what goes into the address, and a body that each method accepts."""

    values: Mapping[str, Any]
    bodies: Mapping[str, dict[str, Any]] = field(default_factory=dict)


Factory = Callable[[UUID], Belonging]


# By the rule of the route, for example "/api/users/me/devices/<uuid:device_id>". The factory is called inside an
# application context and makes something that belongs to the given person.
def a_rental_to_bring_back(owner: UUID) -> Belonging:
    return Belonging(a_rental(owner).values, {"POST": {"station_sn": "A"}})


def a_notice(owner: UUID) -> Belonging:
    with transaction():
        notice_id = notify(user_id=owner, type=NoticeType.WELCOME, context={})
    assert notice_id is not None
    with transaction():
        dispatch.dispatch_notice(notice_id)
    return Belonging({"notice_id": notice_id}, {"PATCH": {"read": True}})


def a_device(owner: UUID) -> Belonging:
    with transaction():
        device, _new = devices.register_device(
            user_id=owner,
            session_id=None,
            fcm_token=f"token-of-{new_id()}",
            platform="android",
            app_version=None,
            now=utcnow(),
        )
    return Belonging({"device_id": device.id})


def a_topup(owner: UUID) -> Belonging:
    with transaction():
        intent = intents.begin_topup(user_id=owner, gateway="khalti", charged=5000, currency="NPR", now=utcnow())
    return Belonging({"intent_id": intent.id})


def an_operation(owner: UUID) -> Belonging:
    with transaction():
        operation = operations.accept(
            payment_jobs.CALCULATE_PAYMENT_OPTIONS,
            user_id=owner,
            callback_url=None,
            now=utcnow(),
            request={"scenario": "wallet_topup", "amount": "100.00"},
        )
    return Belonging({"operation_id": operation.id})


def a_refund(owner: UUID) -> Belonging:
    with transaction():
        top_up(owner, 50_00)
        paid = holds.spend_without_hold(
            user_id=owner, reference=about(), sources=Sources(wallet=50_00), key=key(), actor="system"
        )
        refund = refunds.request_refund(user_id=owner, transaction_id=paid.id, reason="broken", actor="user")
    return Belonging({"refund_id": refund.id})


def a_rental(owner: UUID) -> Belonging:
    found = db.session.scalar(select(Rental.id).where(Rental.user_id == owner))
    db.session.rollback()
    return Belonging({"rental_id": found or rentals_in_states.active(owner)}, {"POST": {"issue_type": "other"}})


def a_reservation(owner: UUID) -> Belonging:
    """Make a reservation that was cancelled: its owner may have a rental by now, and then reserves nothing."""
    found = db.session.scalar(select(Reservation.id).where(Reservation.user_id == owner))
    db.session.rollback()
    if found is not None:
        return Belonging({"reservation_id": found})
    station_id, one_hour = rentals_in_states.station("RESERVED"), rentals_in_states.package()
    with transaction() as session:
        reservation = Reservation(
            user_id=owner,
            station_id=station_id,
            package_id=one_hour,
            bank_id=custody_queries.find_bank("RESERVED-1").id,
            slot_number=1,
            status="cancelled",
            minutes=10,
            free_until=utcnow(),
            expires_at=utcnow(),
            ended_at=utcnow(),
            rate=1_00,
        )
        session.add(reservation)
        session.flush()
        return Belonging({"reservation_id": reservation.id})


def a_rental_to_extend(owner: UUID) -> Belonging:
    made = a_rental(owner)
    with transaction() as session:
        package_id = session.scalars(select(Package.id)).first()
    return Belonging(made.values, {"POST": {"package_id": str(package_id)}})


def a_rental_that_is_owed_for(owner: UUID) -> Belonging:
    made = a_rental(owner)
    with transaction():
        dues.create_due(
            user_id=owner,
            reference=Reference("rental", str(made.values["rental_id"])),
            amount=5_00,
            revenue=Kind.OVERDUE_REVENUE,
            key=key(),
            actor="test",
        )
    return Belonging(made.values, {"POST": {"payment_method": "wallet_only"}})


def a_due(owner: UUID) -> Belonging:
    with transaction():
        due = dues.create_due(
            user_id=owner, reference=about(), amount=5_00, revenue=Kind.OVERDUE_REVENUE, key=key(), actor="test"
        )
        top_up(owner, 50_00)
    return Belonging({"due_id": due.id}, {"POST": {"payment_method": "wallet_only"}})


def a_rental_somewhere(owner: UUID) -> Belonging:
    return Belonging(a_rental(owner).values, {"POST": {"lat": 27.7, "lng": 85.3}})


def a_conversation(owner: UUID) -> Belonging:
    with transaction():
        made = support.begin_conversation(
            user_id=owner,
            subject=Subject.OTHER,
            subject_name=None,
            language="en",
            text="Hello",
            photo=None,
            client_id=None,
            now=utcnow(),
        )
    return Belonging({"conversation_id": made.id}, {"POST": {"client_id": str(new_id()), "text": "Still here"}})


def a_conversation_to_read(owner: UUID) -> Belonging:
    begun = a_conversation(owner)
    with transaction() as session:
        newest = session.get_one(Conversation, begun.values["conversation_id"]).last_message_id
    return Belonging(begun.values, {"POST": {"up_to": str(newest)}})


def a_conversation_that_is_solved(owner: UUID) -> Belonging:
    begun = a_conversation(owner)
    with transaction():
        support.solve_by_person(begun.values["conversation_id"], user_id=owner, now=utcnow())
    return Belonging(begun.values, {"POST": {"score": 5}})


def a_conversation_with_a_photo(owner: UUID) -> Belonging:
    begun = a_conversation(owner)
    with transaction():
        message, _ = support.write_message(
            begun.values["conversation_id"], user_id=owner, text=None, photo=b"a picture", client_id="1", now=utcnow()
        )
    return Belonging({**begun.values, "message_id": message.id})


def a_hosted_station(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction() as session:
        sn = f"H{key()[:8]}"
        facts = FACTS | {"sn": sn, "imei": sn, "slots": 2, "partner_id": partner_id}
        station, _ = registry.register_station(**facts, now=utcnow())
        session.flush()
    return Belonging({"sn": station.sn}, {"POST": {"issue_type": "other"}})


def a_member(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction():
        invited = partners.add_member(
            partner_id, address=f"{key()}@example.com", role=MemberRole.VIEWER, by=f"user:{owner}"
        )
    return Belonging({"member_id": invited.id})


def a_paid_payout(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction() as session:
        payout = make_paid_payout(partner_id)
        session.flush()
        statements.make_statements_of_payee(payout.id, now=utcnow())
    return Belonging({"payout_id": payout.id})


def a_statement(owner: UUID) -> Belonging:
    payout_id = a_paid_payout(owner).values["payout_id"]
    return Belonging({"statement_id": statements.find_statement_of_payout(payout_id).id})


def a_partner_of(owner: UUID) -> UUID:
    """Make a partner whose owner is this person, unless it is there."""
    if found := partner_queries.memberships_of(owner):
        return found[0][1].id
    with transaction() as session:
        partner = partners.create_partner(name="Bakery", kind="venue", contact={})
        member = partners.add_member(partner.id, address=f"{key()}@example.com", role=MemberRole.OWNER, by="test")
        member.user_id = owner
        session.flush()
    return partner.id


def an_agreement(owner: UUID) -> Belonging:
    hosted = a_hosted_station(owner)
    with transaction():
        agreement = agreements.make_agreement(
            a_partner_of(owner),
            starts_on=local_day(utcnow()),
            ends_on=None,
            station_sns=[hosted.values["sn"]],
            terms={"kind": "share", "percent": "80.00"},
            by="test",
        )
    return Belonging({"agreement_id": agreement.id})


def a_task(owner: UUID) -> Belonging:
    """Make a task that its owner, who is of the crew, has claimed."""
    now = utcnow()
    with transaction() as session:
        sn = f"C{new_id().hex[-8:]}"
        registry.register_station(**FACTS | {"sn": sn, "imei": sn, "slots": 2}, now=now)
        member = session.scalar(select(CrewMember).filter_by(user_id=owner)) or crew.make_member(
            user_id=owner, phone=None, email=None, values={}, by="test", now=now
        )
        for held in tasks.list_held_tasks(member.id):
            claims.release_task(member.id, held.id, now=now)
        task = task_services.make_task(sn, kind="clean", wants={}, note=None, by="test", now=now)
        claims.claim_task(member.id, task.id, now=now)
    return Belonging({"task_id": task.id})


def a_station_of_the_crew(owner: UUID) -> Belonging:
    """Make a station with a power bank, whose slots its owner, who is of the crew, may open."""
    task = a_task(owner)
    with transaction() as session:
        station = session.get_one(Task, task.values["task_id"]).station
        mark_seen(station.id, at=utcnow())
        seat_bank(station.id, 1, f"{station.sn}-1", 90)
    return Belonging({"sn": station.sn}, {"POST": {"slot_numbers": [1]}})


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
    "/api/operations/<uuid:operation_id>": an_operation,
    "/api/operations/<uuid:operation_id>/items": an_operation,
    "/api/operations/<uuid:operation_id>/stop": an_operation,
    "/api/payment/refunds/<uuid:refund_id>": a_refund,
    "/api/users/me/dues/<uuid:due_id>/pay": a_due,
    "/api/payment/intents/<uuid:intent_id>": a_topup,
    "/api/payment/intents/<uuid:intent_id>/cancel": a_topup,
    "/api/payment/intents/<uuid:intent_id>/verify": a_topup,
}


# A station is everybody's.
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
