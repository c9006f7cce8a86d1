"""Each job of the catalogue, delivered twice and twice at once, leaves the database as one delivery does."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, text

from jobs import catalogue, policy, runtime
from powerbank import heartbeats, operations, relay
from powerbank.auth import otp, sessions
from powerbank.auth.models import StaffMember
from powerbank.auth.roles import Role
from powerbank.content import services as content
from powerbank.content.models import Language, Slug
from powerbank.db import db, new_id, transaction, utcnow
from powerbank.integrations.gateway import Form, Opened, Payment, State
from powerbank.kyc import numbers
from powerbank.kyc import services as kyc
from powerbank.kyc.models import Side
from powerbank.ledger import dues, refunds, spending, sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.notifications import broadcasts, deliveries, devices, templates
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import notify
from powerbank.payments import intents, returns, settlement, webhooks
from powerbank.payments import refunds as gateway_refunds
from powerbank.points import earnings
from powerbank.points.models import Grant
from powerbank.queue import Scalar, accept, unique_key
from powerbank.rentals import initiation
from powerbank.rentals.models import RentalLocation
from powerbank.social import tallies
from powerbank.social.models import Achievement, Metric
from powerbank.stations import commanding, issues
from powerbank.stations import services as stations
from powerbank.stations.issue_models import IssueType
from powerbank.users import identifiers, referrals
from powerbank.users import services as users
from powerbank.users.models import User
from tests.ledger.conftest import make_person
from tests.rentals import making as renting

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


def message_to_all() -> Arguments:
    for number in range(3):
        newcomer(f"981234567{number}", f"person{number}")
    with transaction() as session:
        sent = broadcasts.send(title="Dashain", message="Hello", target={}, push=True, by=new_id(), now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"broadcast_id": str(sent.id)}


def template_to_try() -> Arguments:
    with transaction() as session:
        words = {"type": "due_paid", "channel": "sms", "language": "en", "title": "Paid", "body": "{{ amount }}"}
        template = templates.create(words, by=new_id())
        templates.test_send(template, "9812345678")
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"template_id": str(template.id), "delivery_id": str(db.session.scalar(text("SELECT id FROM deliveries")))}


def one_too_many() -> Arguments:
    user = newcomer()
    for number in range(5):
        with transaction() as session:
            notice_id = notify(user_id=user.id, type=Type.LOW_CREDIT, context={"balance": number})
            deliveries.create(notice_id)
            session.execute(text("DELETE FROM outbox_jobs"))
    return {"user_id": str(user.id), "kind": "low_credit"}


def joined_long_ago() -> Arguments:
    newcomer()
    with transaction() as session:
        session.execute(text("UPDATE users SET created_at = now() - interval '2 days'"))
    return {}


def event_to_tell() -> Arguments:
    return {"notice": "due_paid", "user_id": str(newcomer().id), "once_per": None, "amount": 5000}


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


def command_overdue() -> Arguments:
    with transaction() as session:
        station, _ = stations.register(
            sn="A", imei="A", name="A", address="A", city="A", lat=0, lng=0, slots=1, protocol="json-v1", now=utcnow()
        )
        command = commanding.request(
            station_id=station.id, command="eject_powerbank", parameters={"slot_number": 1, "powerbank_sn": "1"},
            requested_by="test", now=utcnow() - timedelta(minutes=1),
        )  # fmt: skip
        command_id = str(command.id)
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"command_id": command_id}


def station_heard_of() -> Arguments:
    command_overdue()
    return {"station_imei": "A", "kind": "heartbeat", "received_at": "2026-01-01T00:00:00+00:00",
            "payload": json.dumps({"status": "online", "slots": [{"slot_number": 1, "status": "ok",
                                                                  "powerbank_sn": None}]})}  # fmt: skip


def station_said_to_be_offline() -> Arguments:
    report_id = issue_reported()["report_id"]
    with transaction() as session:
        issue_id = session.scalar(text("SELECT issue_id FROM station_issue_reports WHERE id = :id"), {"id": report_id})
    return {"issue_id": str(issue_id), "command_id": None}


def station_silent() -> Arguments:
    station_heard_of()
    with transaction() as session:
        session.execute(text("UPDATE station_live SET online = true, last_seen = now() - interval '1 h'"))
        session.execute(text("INSERT INTO station_state (station_id) SELECT id FROM stations"))
    return {}


def reports_of_last_year() -> Arguments:
    station_heard_of()
    with transaction() as session:
        session.execute(
            text("INSERT INTO station_reports (id, station_id, received_at, kind, outcome, topic, payload) SELECT"
                 " '01900000-0000-7000-8000-000000000000', id, now(), 'x', 'applied', 'x', '' FROM stations")
        )  # fmt: skip
    return {}


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


def options_wanted() -> Arguments:
    user = newcomer()
    with transaction():
        operation = operations.accept(
            catalogue.CALCULATE_PAYMENT_OPTIONS, user_id=user.id, callback_url=None, now=utcnow(),
            request={"scenario": "wallet_topup", "amount": "100.00"},
        )  # fmt: skip
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"operation_id": str(operation.id)}


def options_wanted_long_ago() -> Arguments:
    options_wanted()
    with transaction() as session:
        session.execute(text("UPDATE operations SET expires_at = now() - interval '8 days'"))
    return {}


def topup_paid() -> UUID:
    """A top-up through Stripe that was credited; its transaction."""
    user = newcomer()
    with transaction() as session:
        intent = intents.begin(user_id=user.id, gateway="stripe", charged=500_00, currency="NPR", now=utcnow())
        intents.note_opened(intent.id, Opened("cs_1", "http://127.0.0.1:1/"), now=utcnow())
        paid = Payment("cs_1", State.PAID, final=True, amount=500_00, currency="NPR", payment_id="pi_1")
        settlement.apply(intent.id, paid, actor="webhook", now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return intent.transaction_id


def refund_approved() -> Arguments:
    transaction_id = topup_paid()
    with transaction() as session:
        user_id = session.scalars(select(User.id)).one()
        refund = gateway_refunds.request(user_id=user_id, transaction_id=transaction_id, reason="x", actor="user")
        returns.begin(refund)
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"refund_id": str(refund.id)}


def refund_followed() -> Arguments:
    arguments = refund_approved()
    with transaction() as session:
        session.execute(text("UPDATE refunds SET gateway_reference = 're_1', decided_at = now()"))
    return arguments


def payment_taken_wrongly() -> Arguments:
    person = make_person(wallet=500_00)
    with transaction() as session:
        paid = spending.spend(
            user_id=person, reference=Reference("rental", "1"), sources=Sources(wallet=1_00), key="spent", actor="x"
        )
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"transaction_id": str(paid.id), "amount": None, "key": "back", "actor": "system", "reason": "failed"}


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


def bank_out() -> Arguments:
    rental_id = renting.ejected()
    with transaction():
        return {"command_id": str(renting.command_of(rental_id).id), "status": "succeeded"}


def bank_back() -> Arguments:
    rental_id = renting.active()
    with transaction():
        station_id = renting.station_id("A")
        bank_id = renting.put_back("A-1", station_id, 2, utcnow())
    return {
        "report_id": "r", "bank_id": str(bank_id), "station_id": str(station_id), "slot_number": 2,
        "rental_id": str(rental_id), "returned_at": utcnow().isoformat(), "received_at": utcnow().isoformat(),
        "provisional": False, "how": "event",
    }  # fmt: skip


def bank_seen_again() -> Arguments:
    found = bank_back()
    wanted = ("bank_id", "rental_id", "station_id", "slot_number")
    return {name: found[name] for name in wanted} | {"seen_at": utcnow().isoformat()}


def bank_back_to_be_tested() -> Arguments:
    found = bank_back()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET provisional = true"))
    wanted = ("bank_id", "rental_id", "station_id", "slot_number")
    return {name: found[name] for name in wanted} | {"passed": True}


def rental_over() -> Arguments:
    rental_id = renting.active()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET due_at = now() - interval '90 minutes'"))
        session.execute(text("UPDATE rentals SET status = 'completed', ended_at = now()"))
    return {"rental_id": str(rental_id)}


def swap_owed() -> Arguments:
    rental_id = renting.pending()
    with transaction() as session:
        initiation.abandon(rental_id, event="cancelled", cause="x", now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"rental_id": str(rental_id)}


def rental_nearly_due() -> Arguments:
    rental_id = renting.active()
    due_at = db.session.scalar(text("SELECT due_at FROM rentals"))
    db.session.rollback()
    assert isinstance(due_at, datetime)
    return {"rental_id": str(rental_id), "due_at": due_at.isoformat()}


def rental_due() -> Arguments:
    renting.active()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET due_at = now() - interval '1 minute'"))
    return {}


def rental_stuck() -> Arguments:
    renting.pending()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET created_at = now() - interval '1 hour'"))
    return {}


def location_of_long_ago() -> Arguments:
    arguments = rental_over()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET ended_at = now() - interval '31 days', settled_at = now()"))
        session.add(RentalLocation(rental_id=UUID(str(arguments["rental_id"])), lat=27.7, lng=85.3))
    return {}


def credit_low() -> Arguments:
    make_person(wallet=1_00)
    return {}


def much_spent() -> Arguments:
    person = make_person(wallet=5000_00)
    with transaction() as session:
        for days, amount in [*((days, 10_00) for days in range(2, 9)), (1, 100_00)]:
            paid = spending.spend(
                user_id=person, reference=Reference("rental", "1"), sources=Sources(wallet=amount), key=str(days),
                actor="x",
            )  # fmt: skip
            past = text(
                "UPDATE wallet_transactions SET created_at = now() - make_interval(days => :days) WHERE id = :id"
            )
            session.execute(past, {"days": days, "id": paid.id})
        session.execute(text("DELETE FROM outbox_jobs"))
    return {}


def due_open() -> Arguments:
    person = make_person()
    with transaction() as session:
        dues.create(user_id=person, reference=Reference("rental", "1"), amount=5_00, revenue=Kind.OVERDUE_REVENUE,
                    key="due", actor="x")  # fmt: skip
        session.execute(text("UPDATE ledger_dues SET created_at = now() - interval '4 days'"))
    return {}


def settled_of_late() -> Arguments:
    topup_paid()
    return {}


def old_events() -> Arguments:
    event_received()
    with transaction() as session:
        session.execute(text("UPDATE gateway_events SET state = 'forged', received_at = now() - interval '31 days'"))
    return {}


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
    "broadcast_system_message": message_to_all,
    "send_template_test": template_to_try,
    "send_digest": one_too_many,
    "remind_unfinished": joined_long_ago,
    "finish_accounts": joined_long_ago,
    "notify_user": event_to_tell,
    "notify_staff": staff_to_tell,
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
    "process_gateway_refund": event_received,
    "process_gateway_dispute": event_received,
    "refund_topup": refund_approved,
    "follow_refund": refund_followed,
    "refund_rental_payment": payment_taken_wrongly,
    "alert_low_credit": credit_low,
    "alert_critical_credit": credit_low,
    "alert_high_usage": much_spent,
    "remind_of_dues": due_open,
    "block_for_dues": due_open,
    "compare_settlements": settled_of_late,
    "prune_payments": old_events,
    "calculate_payment_options": options_wanted,
    "fail_operation": options_wanted,
    "send_callback": options_wanted,
    "prune_operations": options_wanted_long_ago,
    "award_points": lambda: {"user_id": str(make_person()), "earning": "kyc", "object_id": "x", "quantity": 0},
    "reward_topup": topup_earned,
    "reward_kyc": lambda: {"user_id": str(make_person()), "submission_id": "s"},
    "reward_rental": rental_finished,
    "reward_referral": friend_brought,
    "reverse_points": payment_given_back,
    "expire_points": points_over,
    "warn_of_expiring_points": points_over,
    "bulk_award_points": points_for_many,
    "process_rental_initiation": lambda: {"rental_id": str(renting.pending())},
    "abandon_rental_initiation": lambda: {"rental_id": str(renting.pending())},
    "settle_ejection": bank_out,
    "undo_ejection": bank_seen_again,
    "process_rental_return": bank_back,
    "finish_provisional_return": bank_back_to_be_tested,
    "process_overdue_payment": rental_over,
    "swap_rental": swap_owed,
    "send_rental_reminder": rental_nearly_due,
    "sweep_overdue_rentals": rental_due,
    "sweep_stuck_rentals": rental_stuck,
    "prune_locations": location_of_long_ago,
    "count_rental": rental_finished,
    "count_points": lambda: {"user_id": str(make_person()), "points": 5, "earning": "kyc", "object_id": "x"},
    "count_reversal": lambda: {"user_id": str(make_person()), "points": 5, "object_id": "x"},
    "count_referral": lambda: {
        "user_id": str(make_person()),
        "invitee_id": "x",
        "referral_id": "r",
        "points": 5,
    },
    "check_achievements": lambda: {"user_id": achiever()},
    "find_achievers": achievement_made,
    "update_leaderboard": lambda: {"user_id": achiever()},
    "recompute_leaderboard": tallies_wrong,
    "process_station_issue": issue_reported,
    "send_station_command": command_overdue,
    "check_station_command": command_overdue,
    "update_station_status": station_heard_of,
    "check_station_connectivity": station_said_to_be_offline,
    "check_offline_stations": station_silent,
    "prune_station_reports": reports_of_last_year,
    "tick": nothing,
    "redeliver_stranded_jobs": nothing,
    "monitor_queues": nothing,
    "prune_jobs": nothing,
    "prune_idempotency_keys": nothing,
}

# Times and the bookkeeping of the delivery itself differ from run to run and mean nothing.
UNTOLD = {"id", "created_at", "finished_at", "published_at", "raised_at", "lease_until", "run_after", "last_run_at",
          "last_duration_ms", "last_job_id", "next_run_at", "publish_at", "expires_at", "claimed_by", "arguments",
          "deliveries", "seen_at", "started_at", "shown_at", "withheld_at", "dedup_key",
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
