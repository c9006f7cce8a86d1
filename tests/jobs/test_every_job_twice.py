"""Each job of the catalogue, delivered twice and twice at once, leaves the database as one delivery does."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from jobs import catalogue, policy, runtime
from powerbank import heartbeats, relay
from powerbank.auth import otp, sessions
from powerbank.auth.models import StaffMember
from powerbank.auth.roles import Role
from powerbank.content import services as content
from powerbank.content.models import Language, Slug
from powerbank.db import db, transaction, utcnow
from powerbank.integrations.gateway import Form, Opened
from powerbank.kyc import numbers
from powerbank.kyc import services as kyc
from powerbank.kyc.models import Side
from powerbank.ledger import refunds, spending, sums
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.notifications import deliveries, devices
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import notify
from powerbank.payments import intents, webhooks
from powerbank.points import earnings
from powerbank.points.models import Grant
from powerbank.queue import Scalar, accept, unique_key
from powerbank.social import tallies
from powerbank.social.models import Achievement, Metric
from powerbank.stations import issues
from powerbank.stations import services as stations
from powerbank.stations.issue_models import IssueType
from powerbank.users import identifiers, referrals
from powerbank.users import services as users
from powerbank.users.models import User
from tests.ledger.conftest import make_person

Arguments = dict[str, Scalar]


def scheduled_revision() -> Arguments:
    now = utcnow()
    with transaction():
        for number in range(2):
            made = content.add_revision(
                slug=Slug.ABOUT, language=Language.ENGLISH, title="About", body=f"{number}",
                publish_at=now + timedelta(days=number), now=now,
            )  # fmt: skip
    return {"revision_id": str(made.id)}


def code_asked_for() -> Arguments:
    with transaction():
        challenge = otp.ask(address=identifiers.parse("9812345678"), purpose="login")
    delivery_id = db.session.scalar(text("SELECT id FROM deliveries"))
    return {"challenge_id": str(challenge.id), "delivery_id": str(delivery_id)}


def code_asked_for_and_forgotten() -> Arguments:
    code_asked_for()
    with transaction() as session:
        session.execute(text("UPDATE otp_challenges SET created_at = now() - interval '8 days'"))
    return {}


def documents_sent() -> Arguments:
    with transaction():
        user = users.create(
            address=identifiers.parse("sita@example.com"), username="sita", first_name=None, last_name=None,
            referral_code=None,
        )  # fmt: skip
        submission = kyc.submit(
            user_id=user.id, number=numbers.parse("27-01-70-12345"), now=utcnow(),
            pictures={Side.FRONT: b"front", Side.BACK: b"back"},
        )  # fmt: skip
    return {"submission_id": str(submission.id)}


def person_forgotten() -> Arguments:
    documents_sent()
    user_id = db.session.scalars(select(User.id)).one()
    with transaction():
        kyc.forget(user_id=user_id, now=utcnow())
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"user_id": str(user_id)}


def documents_long_rejected() -> Arguments:
    person_forgotten()
    return {}


def person_just_banned() -> Arguments:
    address = identifiers.parse("9812345678")
    with transaction():
        user = users.create(address=address, username="sita", first_name=None, last_name=None, referral_code=None)
        sessions.begin(user, user_agent=None)
        users.change_status(user.id, "banned")
    return {"user_id": str(user.id), "status": "banned"}


def newcomer(phone: str = "9812345678", username: str = "sita") -> User:
    """With a phone and a device, and no job waiting of what follows a registration."""
    with transaction() as session:
        user = users.create(
            address=identifiers.parse(phone), username=username, first_name=None, last_name=None, referral_code=None
        )
        sessions.begin(user, user_agent=None)
        session_id = session.scalar(text("SELECT id FROM sessions WHERE user_id = :id"), {"id": user.id})
        devices.register(user_id=user.id, session_id=session_id, fcm_token=f"token-of-{username}", platform="ios",
                         app_version=None, now=utcnow())  # fmt: skip
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
        notice_id = notify(user_id=user.id, type=Type.RENTAL_OVERDUE, context={"due_at": None, "rate": "5.00"})
    return {"notice_id": str(notice_id)}


def delivery_on(channel: str) -> Callable[[], Arguments]:
    def taken() -> Arguments:
        user = newcomer()
        with transaction() as session:
            if channel == "email":
                users.set_identifier(user, identifiers.parse("sita@example.com"))
            notice_id = notify(user_id=user.id, type=Type.RENTAL_LOST, context={"amount": "3000.00"})
            deliveries.create(notice_id)
            session.execute(text("DELETE FROM outbox_jobs"))
            query = text("SELECT id FROM deliveries WHERE channel = :channel")
            delivery_id = session.scalar(query, {"channel": channel})
        return {"delivery_id": str(delivery_id)}

    return taken


def old_notices() -> Arguments:
    delivery_on("sms")()
    with transaction() as session:
        for table in ("notices", "deliveries"):
            session.execute(text(f"UPDATE {table} SET created_at = now() - interval '181 days'"))
    return {}


def money_moved() -> Arguments:
    person = make_person(wallet=500_00)
    with transaction():
        sums.name_seal()
    with transaction():
        spending.spend(
            user_id=person, reference=Reference("rental", "1"), sources=Sources(wallet=1_00), key="spent", actor="x"
        )
    return {}


def issue_reported() -> Arguments:
    with transaction() as session:
        station, _ = stations.register(
            sn="A", imei="A", name="A", address="A", city="A", lat=0, lng=0, slots=1, protocol="json-v1", now=utcnow()
        )
        user = User(username="sita", referral_code="SITA")
        session.add(user)
        session.flush()
        issue = issues.report(
            user_id=user.id, sn=station.sn, issue_type=IssueType.DIRTY, description=None, now=utcnow()
        )
        session.execute(text("DELETE FROM outbox_jobs"))
        report_id = session.scalar(text("SELECT id FROM station_issue_reports WHERE issue_id = :id"), {"id": issue.id})
    return {"report_id": str(report_id)}


def nothing() -> Arguments:
    return {}


# What each job needs to have something to do. A new job without a line here fails the test below.
def topup_wanted() -> Arguments:
    person_just_banned()
    user_id = db.session.scalars(select(User.id)).one()
    with transaction():
        intent = intents.begin(user_id=user_id, gateway="esewa", charged=5000, currency="NPR", now=utcnow())
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"intent_id": str(intent.id)}


def topup_open(*, overdue: bool = False) -> Arguments:
    arguments = topup_wanted()
    with transaction():
        opened = Opened(str(arguments["intent_id"]), form=Form("http://127.0.0.1:1/", {}))
        intents.note_opened(UUID(str(arguments["intent_id"])), opened, now=utcnow() - timedelta(minutes=1))
        if overdue:
            db.session.execute(text("UPDATE payment_intents SET expires_at = now() - interval '1 s'"))
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return arguments


def topup_late() -> Arguments:
    return topup_open(overdue=True)


def polls_late() -> Arguments:
    topup_late()
    with transaction():
        db.session.execute(text("UPDATE payment_intents SET poll_at = now() - interval '1 h'"))
        db.session.execute(text("UPDATE payment_intents SET expires_at = now() - interval '1 h'"))
    return {}


def event_received() -> Arguments:
    arguments = topup_open()
    with transaction():
        received = webhooks.receive(
            gateway="esewa", body=b"", query=f"transaction_uuid={arguments['intent_id']}", signature=None, address=None
        )
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"event_id": str(received.event_id)}


def rental_finished() -> Arguments:
    return {"user_id": str(make_person()), "rental_id": "r", "on_time": True, "late": False}


def topup_earned() -> Arguments:
    user_id = make_person(wallet=500_00)
    paid = db.session.scalar(text("SELECT id FROM wallet_transactions"))
    return {"user_id": str(user_id), "intent_id": "i", "transaction_id": str(paid), "amount": 500_00}


def friend_brought() -> Arguments:
    inviter, invitee = newcomer("9812345679", "gita"), newcomer()
    with transaction() as session:
        referrals.note(invitee_id=invitee.id, code=inviter.referral_code, now=utcnow())
        referral_id = session.scalar(text("SELECT id FROM referrals"))
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"referral_id": str(referral_id), "invitee_id": str(invitee.id), "inviter_id": str(inviter.id)}


def payment_given_back() -> Arguments:
    user_id = make_person(wallet=500_00)
    with transaction() as session:
        earnings.give(user_id=user_id, earning=earnings.Earning.RENTAL, object_id="r")
        paid = spending.spend(
            user_id=user_id, reference=Reference("rental", "r"), sources=Sources(wallet=1_00), key="paid", actor="x"
        )
        refunds.refund(transaction_id=paid.id, key="refunded", actor="x")
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"transaction_id": str(paid.id)}


def points_over() -> Arguments:
    for _ in range(2):
        make_person(points=100)
    with transaction() as session:
        session.execute(text("UPDATE points_lots SET expires_at = now() - interval '1 second'"))
    return {}


def points_for_many() -> Arguments:
    for _ in range(3):
        make_person()
    with transaction() as session:
        member = StaffMember(email="boss@example.com", password_hash="unused", role=Role.SUPERADMIN)
        session.add(member)
        session.flush()
        grant = Grant(points=5, reason="x", status="running", total=3, awarded=0, asked_by=member.id)
        session.add(grant)
        session.flush()
    return {"grant_id": str(grant.id)}


def achiever() -> str:
    """Somebody who has come to an achievement and does not have it yet."""
    user_id = make_person()
    with transaction() as session:
        tallies.count(user_id=user_id, kind="rental", object_id="r", at=utcnow(), what={Metric.RENTALS: 1})
        session.add(Achievement(name="First", metric="rentals", threshold=1, reward=5))
        session.execute(text("DELETE FROM outbox_jobs"))
    return str(user_id)


def achievement_made() -> Arguments:
    achiever()
    return {"achievement_id": str(db.session.scalar(text("SELECT id FROM achievements")))}


def tallies_wrong() -> Arguments:
    achiever()
    with transaction() as session:
        session.execute(text("UPDATE tallies SET rentals = 7"))
    return {}


PREPARE: dict[str, Callable[[], Arguments]] = {
    "publish_content": scheduled_revision,
    "send_otp": code_asked_for,
    "post_registration": registration,
    "process_referral": registration_by_code,
    "create_notification": notice_taken,
    "send_push": delivery_on("push"),
    "send_sms": delivery_on("sms"),
    "send_email": delivery_on("email"),
    "close_delivery": delivery_on("sms"),
    "prune_notifications": old_notices,
    "prune_sign_ins": code_asked_for_and_forgotten,
    "process_kyc_submission": documents_sent,
    "delete_documents": person_forgotten,
    "delete_old_documents": documents_long_rejected,
    "admin_user_action": person_just_banned,
    "seal_ledger_sums": money_moved,
    "reconcile_ledger": money_moved,
    "create_payment_url": topup_wanted,
    "give_up_payment_url": topup_wanted,
    "expire_payment_intent": topup_late,
    "close_payment_intent": topup_late,
    "poll_pending_payment": topup_open,
    "poll_pending_payments": polls_late,
    "process_payment_webhook": event_received,
    "update_exchange_rates": nothing,
    "check_exchange_rates": nothing,
    "award_points": lambda: {"user_id": str(make_person()), "earning": "kyc", "object_id": "x", "quantity": 0},
    "reward_topup": topup_earned,
    "reward_kyc": lambda: {"user_id": str(make_person()), "submission_id": "s"},
    "reward_rental": rental_finished,
    "reward_referral": friend_brought,
    "reverse_points": payment_given_back,
    "expire_points": points_over,
    "warn_of_expiring_points": points_over,
    "bulk_award_points": points_for_many,
    "count_rental": rental_finished,
    "count_points": lambda: {"user_id": str(make_person()), "points": 5, "earning": "kyc", "object_id": "x"},
    "count_reversal": lambda: {"user_id": str(make_person()), "points": 5, "object_id": "x"},
    "count_referral": lambda: {
        "user_id": str(make_person()), "invitee_id": "x", "referral_id": "r", "points": 5,
    },
    "check_achievements": lambda: {"user_id": achiever()},
    "find_achievers": achievement_made,
    "update_leaderboard": lambda: {"user_id": achiever()},
    "recompute_leaderboard": tallies_wrong,
    "process_station_issue": issue_reported,
    "tick": nothing,
    "redeliver_stranded_jobs": nothing,
    "monitor_queues": nothing,
    "prune_jobs": nothing,
    "prune_idempotency_keys": nothing,
}

# Times and the bookkeeping of the delivery itself differ from run to run and mean nothing.
UNTOLD = {"id", "created_at", "finished_at", "published_at", "raised_at", "lease_until", "run_after", "last_run_at",
          "last_duration_ms", "last_job_id", "next_run_at", "publish_at", "expires_at", "claimed_by", "arguments",
          "deliveries", "seen_at", "started_at", "shown_at",
          "horizon", "made_at", "sealed_at", "processed_at", "warned_at", "at"}  # fmt: skip


def shown(value: object) -> str:
    return value.hex() if isinstance(value, memoryview) else str(value)


def snapshot() -> str:
    db.session.rollback()
    names = db.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).all()
    found: dict[str, list[Any]] = {}
    for name in names:
        rows = [dict(row._mapping) for row in db.session.execute(text(f'SELECT * FROM "{name}"'))]
        told = [{key: value for key, value in row.items() if key not in UNTOLD} for row in rows]
        found[name] = sorted(json.dumps(row, default=shown, sort_keys=True) for row in told)
    return json.dumps(found, indent=1)


def deliver(app: Flask, spec: policy.JobSpec, outbox_id: str | None, arguments: Arguments) -> None:
    with app.app_context():
        runtime.run(spec.name, outbox_id, None if outbox_id else dict(arguments), worker="w")


def run_once_then(app: Flask, spec: policy.JobSpec, again: Callable[[str | None, Arguments], None]) -> tuple[str, str]:
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
        outbox_id = accept(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    deliver(app, spec, identifier, arguments)
    once = snapshot()
    again(identifier, arguments)
    return once, snapshot()


@pytest.fixture(autouse=True)
def _running(context: Flask) -> None:
    """As in a network that runs: the sweep finds a Redis that remembers, and the worker of these runs alive."""
    relay.recover()
    heartbeats.beat(db.engine, name="w", kind="worker", queues=[], started_at=utcnow())


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice(context: Flask, spec: policy.JobSpec) -> None:
    once, twice = run_once_then(
        context, spec, lambda outbox_id, arguments: deliver(context, spec, outbox_id, arguments)
    )
    assert once == twice


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice_at_once(context: Flask, spec: policy.JobSpec) -> None:
    arguments = PREPARE[spec.name]()
    with transaction():
        outbox_id = accept(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: deliver(context, spec, identifier, arguments), range(4)))
    together = snapshot()
    deliver(context, spec, identifier, arguments)
    assert snapshot() == together
    if spec.durable:
        done = db.session.scalar(
            text("SELECT count(*) FROM outbox_jobs WHERE id = :id AND state = 'done'"), {"id": outbox_id}
        )
        assert done == 1


def test_asking_twice_for_what_is_unique_is_one_job() -> None:
    spec = policy.JobSpec("x", "y.z", policy.Queue.DEFAULT, unique=policy.Unique.ONCE)
    assert unique_key(spec, {"a": 1, "b": 2}) == unique_key(spec, {"b": 2, "a": 1})
    assert unique_key(spec, {"a": 1}) != unique_key(spec, {"a": "1"})
