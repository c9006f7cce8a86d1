"""Prepare the books and payments that jobs need to have something to do."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text

from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.integrations.gateway import Form, OpenedPayment, Payment, PaymentState
from powerbank.ledger import sums
from powerbank.ledger.accounts import Kind
from powerbank.ledger.movements import dues, holds, refunds
from powerbank.ledger.services import Reference
from powerbank.ledger.sources import Sources
from powerbank.outbox import operations
from powerbank.outbox.catalogue import payment_jobs
from powerbank.payments import gateways
from powerbank.payments.refunds import gateway_refunds
from powerbank.payments.refunds import services as refund_services
from powerbank.payments.review import comparison
from powerbank.payments.topups import services as intents
from powerbank.payments.topups import settlement
from powerbank.payments.webhooks import replays
from powerbank.payments.webhooks import services as webhooks
from powerbank.payments.webhooks.filters import EventFilter
from powerbank.points import earnings
from powerbank.social import tallies
from powerbank.social.models import Metric
from powerbank.users.models import User
from tests.jobs.prepared_people import Arguments, newcomer, person_just_banned
from tests.ledger.conftest import make_person


def money_moved() -> Arguments:
    person = make_person(wallet=500_00)
    with transaction():
        sums.name_seal()
    with transaction():
        holds.spend_without_hold(
            user_id=person, reference=Reference("rental", "1"), sources=Sources(wallet=1_00), key="spent", actor="x"
        )
    return {}


def topup_wanted() -> Arguments:
    person_just_banned()
    user_id = db.session.scalars(select(User.id)).one()
    with transaction():
        intent = intents.begin_topup(user_id=user_id, gateway="esewa", charged=5000, currency="NPR", now=utcnow())
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"intent_id": str(intent.id)}


def topup_open(*, overdue: bool = False) -> Arguments:
    arguments = topup_wanted()
    with transaction():
        opened = OpenedPayment(str(arguments["intent_id"]), form=Form("http://127.0.0.1:1/", {}))
        intents.record_session(UUID(str(arguments["intent_id"])), opened, now=utcnow() - timedelta(minutes=1))
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
        received = webhooks.read_webhook(
            gateways.get_gateway("esewa"), body=b"", query=f"transaction_uuid={arguments['intent_id']}", signature=None
        )
        event_id = webhooks.store_webhook(received, address=None)
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"event_id": str(event_id)}


def replays_wanted() -> Arguments:
    event_received()
    with transaction() as session:
        member = StaffMember(email="o@example.com", password_hash="unused", role=Role.FINANCE)
        session.add(member)
        session.flush()
        operation = replays.request_replays(
            events=EventFilter(), count=1, per_minute=60, reason="It was away.", staff_id=member.id, now=utcnow()
        )
        session.execute(text("DELETE FROM outbox_jobs"))
        return {"operation_id": str(operation.id)}


def options_wanted() -> Arguments:
    user = newcomer()
    with transaction():
        operation = operations.accept(
            payment_jobs.CALCULATE_PAYMENT_OPTIONS,
            user_id=user.id,
            callback_url=None,
            now=utcnow(),
            request={"scenario": "wallet_topup", "amount": "100.00"},
        )
        db.session.execute(text("DELETE FROM outbox_jobs"))
    return {"operation_id": str(operation.id)}


def options_wanted_long_ago() -> Arguments:
    options_wanted()
    with transaction() as session:
        session.execute(text("UPDATE operations SET expires_at = now() - interval '8 days'"))
    return {}


def topup_paid() -> UUID:
    """Make a top-up through Stripe that was credited, and return its transaction."""
    user = newcomer()
    with transaction() as session:
        intent = intents.begin_topup(user_id=user.id, gateway="stripe", charged=500_00, currency="NPR", now=utcnow())
        intents.record_session(intent.id, OpenedPayment("cs_1", "http://127.0.0.1:1/"), now=utcnow())
        paid = Payment("cs_1", PaymentState.PAID, final=True, amount=500_00, currency="NPR", payment_id="pi_1")
        settlement.apply_payment(intent.id, paid, actor="webhook", now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return intent.transaction_id


def refund_approved() -> Arguments:
    transaction_id = topup_paid()
    with transaction() as session:
        user_id = session.scalars(select(User.id)).one()
        refund = refund_services.request_refund(
            user_id=user_id, transaction_id=transaction_id, reason="x", actor="user"
        )
        gateway_refunds.begin_gateway_refund(refund)
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"refund_id": str(refund.id)}


def refund_followed() -> Arguments:
    arguments = refund_approved()
    with transaction() as session:
        session.execute(text("UPDATE refunds SET gateway_reference = 're_1', decided_at = now()"))
    return arguments


def rental_finished() -> Arguments:
    return {"user_id": str(make_person()), "rental_id": str(new_id()), "on_time": True, "late": False}


def rental_undone() -> Arguments:
    user_id = make_person()
    with transaction() as session:
        earnings.award_earning(user_id=user_id, earning=earnings.Earning.RENTAL, object_id="r")
        tallies.count_event(user_id=user_id, kind="rental", object_id="r", at=utcnow(), what={Metric.RENTALS: 1})
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"user_id": str(user_id), "rental_id": "r", "reason": "cancelled", "amount": 0}


def topup_earned() -> Arguments:
    user_id = make_person(wallet=500_00)
    paid = db.session.scalar(text("SELECT id FROM wallet_transactions"))
    return {"user_id": str(user_id), "intent_id": "i", "transaction_id": str(paid), "amount": 500_00}


def payment_given_back() -> Arguments:
    user_id = make_person(wallet=500_00)
    with transaction() as session:
        earnings.award_earning(user_id=user_id, earning=earnings.Earning.RENTAL, object_id="r")
        paid = holds.spend_without_hold(
            user_id=user_id, reference=Reference("rental", "r"), sources=Sources(wallet=1_00), key="paid", actor="x"
        )
        refunds.refund_payment(transaction_id=paid.id, key="refunded", actor="x")
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"transaction_id": str(paid.id)}


def credit_low() -> Arguments:
    make_person(wallet=1_00)
    return {}


def much_spent() -> Arguments:
    person = make_person(wallet=5000_00)
    with transaction() as session:
        for days, amount in [*((days, 10_00) for days in range(2, 9)), (1, 100_00)]:
            paid = holds.spend_without_hold(
                user_id=person,
                reference=Reference("rental", "1"),
                sources=Sources(wallet=amount),
                key=str(days),
                actor="x",
            )
            past = text(
                "UPDATE wallet_transactions SET created_at = now() - make_interval(days => :days) WHERE id = :id"
            )
            session.execute(past, {"days": days, "id": paid.id})
        session.execute(text("DELETE FROM outbox_jobs"))
    return {}


def due_open() -> Arguments:
    owes_for_days()
    return {}


def due_late() -> Arguments:
    return {"user_id": str(owes_for_days())}


def owes_for_days() -> UUID:
    person = make_person(wallet=3_00)
    with transaction() as session:
        dues.create_due(
            user_id=person,
            reference=Reference("rental", "1"),
            amount=5_00,
            revenue=Kind.OVERDUE_REVENUE,
            key="due",
            actor="x",
        )
        session.execute(text("UPDATE ledger_dues SET created_at = now() - interval '4 days'"))
        session.execute(text("DELETE FROM outbox_jobs"))
    return person


def settled_of_late() -> Arguments:
    topup_paid()
    return {}


def comparison_begun() -> Arguments:
    topup_paid()
    with transaction() as session:
        comparison.begin_check(now=utcnow())
        gateway, lane = session.execute(text("SELECT gateway, lane FROM settlement_comparisons")).one()
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"gateway": gateway, "lane": lane}


def old_events() -> Arguments:
    event_received()
    with transaction() as session:
        session.execute(text("UPDATE gateway_events SET state = 'forged', received_at = now() - interval '31 days'"))
    return {}
