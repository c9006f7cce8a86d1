"""Prepare the accounts, identity checks, messages and content that jobs need to have something to do."""

import json
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, text

from powerbank.auth.people import otp, sessions
from powerbank.auth.staff.models import StaffMember
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.content import services as content
from powerbank.content.models import Language, Slug
from powerbank.kyc import citizenship_numbers
from powerbank.kyc import services as kyc
from powerbank.kyc.models import DocumentSide
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.delivery import devices
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.notifications.templates import services as templates
from powerbank.outbox.enqueue import Scalar
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import User

Arguments = dict[str, Scalar]


def scheduled_revision() -> Arguments:
    now = utcnow()
    with transaction():
        for number in range(2):
            made = content.add_revision(
                slug=Slug.ABOUT,
                language=Language.ENGLISH,
                title="About",
                body=f"{number}",
                publish_at=now + timedelta(days=number),
                now=now,
            )
    return {"revision_id": str(made.id)}


def code_asked_for() -> Arguments:
    with transaction():
        challenge = otp.create_challenge(contact=identifiers.parse_contact_address("9812345678"), purpose="login")
    delivery_id = db.session.scalar(text("SELECT id FROM deliveries"))
    return {"challenge_id": str(challenge.id), "delivery_id": str(delivery_id)}


def code_asked_for_and_forgotten() -> Arguments:
    code_asked_for()
    with transaction() as session:
        session.execute(text("UPDATE otp_challenges SET created_at = now() - interval '8 days'"))
    return {}


def documents_sent() -> Arguments:
    with transaction():
        user = users.create_user(
            contact=identifiers.parse_contact_address("sita@example.com"),
            username="sita",
            first_name=None,
            last_name=None,
            referral_code=None,
        )
        submission = kyc.submit_documents(
            user_id=user.id,
            number=citizenship_numbers.parse_citizenship_number("27-01-70-12345"),
            now=utcnow(),
            pictures={DocumentSide.FRONT: b"front", DocumentSide.BACK: b"back"},
        )
    return {"submission_id": str(submission.id)}


def person_forgotten() -> Arguments:
    documents_sent()
    user_id = db.session.scalars(select(User.id)).one()
    with transaction():
        kyc.forget_identity(user_id=user_id, now=utcnow())
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"user_id": str(user_id)}


def documents_long_rejected() -> Arguments:
    person_forgotten()
    return {}


def person_just_banned() -> Arguments:
    address = identifiers.parse_contact_address("9812345678")
    with transaction():
        user = users.create_user(contact=address, username="sita", first_name=None, last_name=None, referral_code=None)
        sessions.begin_session(user, user_agent=None)
        users.change_status(user.id, "banned")
    return {"user_id": str(user.id), "status": "banned"}


def newcomer(phone: str = "9812345678", username: str = "sita") -> User:
    """Make a person with a phone and a device. The jobs that follow a registration do not wait."""
    with transaction() as session:
        user = users.create_user(
            contact=identifiers.parse_contact_address(phone),
            username=username,
            first_name=None,
            last_name=None,
            referral_code=None,
        )
        sessions.begin_session(user, user_agent=None)
        session_id = session.scalar(text("SELECT id FROM sessions WHERE user_id = :id"), {"id": user.id})
        devices.register_device(
            user_id=user.id,
            session_id=session_id,
            fcm_token=f"token-of-{username}",
            platform="ios",
            app_version=None,
            now=utcnow(),
        )
        session.execute(text("DELETE FROM outbox_jobs"))
    return user


def registration() -> Arguments:
    return {"user_id": str(newcomer().id), "referral_code": None}


def registration_by_code() -> Arguments:
    inviter = newcomer("9812345679", "gita")
    return {"user_id": str(newcomer().id), "referral_code": inviter.referral_code}


def notice_taken() -> Arguments:
    user = newcomer()
    with transaction():
        notice_id = notify(user_id=user.id, type=NoticeType.RENTAL_OVERDUE, context={"due_at": None, "rate": "5.00"})
    return {"notice_id": str(notice_id)}


def delivery_on(channel: str) -> Callable[[], Arguments]:
    def taken() -> Arguments:
        user = newcomer()
        with transaction() as session:
            if channel == "email":
                users.set_identifier(user, identifiers.parse_contact_address("sita@example.com"))
            notice_id = notify(user_id=user.id, type=NoticeType.RENTAL_LOST, context={"amount": "3000.00"})
            dispatch.dispatch_notice(notice_id)
            session.execute(text("DELETE FROM outbox_jobs"))
            query = text("SELECT id FROM deliveries WHERE channel = :channel")
            delivery_id = session.scalar(query, {"channel": channel})
        return {"delivery_id": str(delivery_id)}

    return taken


def message_to_all() -> Arguments:
    for number in range(3):
        newcomer(f"981234567{number}", f"person{number}")
    with transaction() as session:
        sent = broadcasts.send_broadcast(
            title="Dashain", message="Hello", target={}, push=True, by=new_id(), now=utcnow()
        )
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"broadcast_id": str(sent.id)}


def template_to_try() -> Arguments:
    with transaction() as session:
        words = {"type": "due_paid", "channel": "sms", "language": "en", "title": "Paid", "body": "{{ amount }}"}
        template = templates.create_template(words, by=new_id())
        templates.send_test(template, "9812345678")
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"template_id": str(template.id), "delivery_id": str(db.session.scalar(text("SELECT id FROM deliveries")))}


def one_too_many() -> Arguments:
    user = newcomer()
    for number in range(5):
        with transaction() as session:
            notice_id = notify(user_id=user.id, type=NoticeType.LOW_CREDIT, context={"balance": number})
            dispatch.dispatch_notice(notice_id)
            session.execute(text("DELETE FROM outbox_jobs"))
    return {"user_id": str(user.id), "kind": "low_credit"}


def joined_long_ago() -> Arguments:
    newcomer()
    with transaction() as session:
        session.execute(text("UPDATE users SET created_at = now() - interval '2 days'"))
    return {}


def event_to_tell() -> Arguments:
    return {"notice": "due_paid", "user_id": str(newcomer().id), "once_per": None, "amount": 5000}


def events_to_tell() -> Arguments:
    first = event_to_tell()
    return {"user_id": first["user_id"], "calls": json.dumps([first, {**first, "once_per": "amount"}])}


def staff_to_tell() -> Arguments:
    with transaction() as session:
        session.add(StaffMember(email="boss@example.com", password_hash="", role="superadmin"))
    return {"notice": "no_workers", "detail": "no worker is alive on default", "key": "k"}


def old_notices() -> Arguments:
    delivery_on("sms")()
    with transaction() as session:
        for table in ("notices", "deliveries"):
            session.execute(text(f"UPDATE {table} SET created_at = now() - interval '181 days'"))
    return {}


def nothing() -> Arguments:
    return {}
