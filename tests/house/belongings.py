"""What belongs to a person who rents: each function makes something of a given person's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from powerbank.auth.people.models import Session as SignInSession
from powerbank.base.db import db, new_id, transaction, utcnow
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
from powerbank.payments.refunds import services as refunds
from powerbank.payments.topups import services as intents
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations.models import Reservation
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.packages.models import Package
from powerbank.support import services as support
from powerbank.support.models import Conversation, Subject
from powerbank.support.sides import Writer
from tests.ledger.conftest import about, key, top_up
from tests.rentals import rentals_in_states


@dataclass(frozen=True)
class Belonging:
    """Something of a person's: what goes into the address, and a body that each method accepts."""

    values: Mapping[str, Any]
    bodies: Mapping[str, dict[str, Any]] = field(default_factory=dict)


Factory = Callable[[UUID], Belonging]


# The keys are rules of routes, for example "/api/users/me/devices/<uuid:device_id>". The factory is called inside an
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


def a_sign_in(owner: UUID) -> Belonging:
    with transaction() as session:
        made = SignInSession(user_id=owner, user_agent="Another phone")
        session.add(made)
        session.flush()
    return Belonging({"sign_in_id": made.id})


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
            Writer(owner),
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
