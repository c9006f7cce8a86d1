"""The night's comparison with the gateways: each recent payment, as its gateway has it now, beside what we booked.

What is to be compared are rows, and so is what was found: a check goes on where it stopped, and staff see how far it
is. Its payments are divided into lanes, some for each gateway. A lane is a job, so as many answers are waited for at
once as workers are free, and a gateway that is away holds up its own lanes only.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import Select, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.integrations.gateway import Payment
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.payments.events import SettlementMismatch
from powerbank.payments.models import PaymentIntent
from powerbank.payments.review import differences
from powerbank.payments.review.differences import Difference
from powerbank.payments.review.models import Outcome, SettlementCheck, SettlementComparison
from powerbank.payments.topups import services as intents
from powerbank.payments.topups import settlement

log = structlog.get_logger(__name__)

LOOK_BACK = timedelta(days=3)  # refunds and late payments of the days before are seen too
PATIENCE = timedelta(hours=20)  # for a gateway that is away, until the next night's check
LANES = 4  # for each gateway, which is never asked for more payments at once
BATCH = 200
MOST_TRIES = 3


def begin_check(*, now: datetime) -> None:
    """Begin a check, and write down what it compares. One that was begun before goes on, unless it is a night old."""
    if (before := _lock_open_check()) is not None:
        if before.started_at > now - PATIENCE:
            return
        _close_check(before, now=now)
    check_id, since = new_id(), now - LOOK_BACK
    made = insert(SettlementCheck).values(id=check_id, started_at=now, since=since).on_conflict_do_nothing()
    if open_session().scalar(made.returning(SettlementCheck.id)) is None:
        return  # another worker begins one
    columns = ["check_id", "intent_id", "gateway", "lane"]
    listed = insert(SettlementComparison).from_select(columns, _select_recent(check_id, since))
    total = len(open_session().scalars(listed.returning(SettlementComparison.intent_id)).all())
    check = open_session().get_one(SettlementCheck, check_id, with_for_update=True)
    check.total = total
    if total == 0:
        _close_check(check, now=now)


def request_lanes() -> None:
    """Enqueue a job for each lane that has payments to compare.

    This needs a transaction after that of `begin_check`, so that a lane that still ends for the night before sees what
    is new for it.
    """
    lanes = select(SettlementComparison.gateway, SettlementComparison.lane).where(
        SettlementComparison.outcome.is_(None)
    )
    in_order = lanes.distinct().order_by(SettlementComparison.gateway, SettlementComparison.lane)
    for gateway, lane in open_session().execute(in_order).all():
        enqueue(payment_jobs.COMPARE_PAYMENTS, gateway=gateway, lane=lane)


def next_payments(gateway: str, lane: int) -> list[tuple[UUID, UUID]]:
    """List the next payments of a lane as pairs of check and intent.

    Those that failed before come last, so that one of them holds up no others.
    """
    query = _select_waiting(gateway, lane).order_by(SettlementComparison.tries, SettlementComparison.intent_id)
    return [(row.check_id, row.intent_id) for row in db.session.execute(query.limit(BATCH))]


def record_answer(check_id: UUID, intent_id: UUID, payment: Payment | None, *, now: datetime) -> None:
    """Compare what the gateway answered with the books, and settle a payment that was never credited."""
    intent = intents.lock_intent(intent_id)
    assert intent is not None  # noqa: S101 (intents are never deleted)
    difference = differences.find_difference(intent, payment)
    if difference is not None and difference.what == differences.PAID_NOT_CREDITED:
        settlement.apply_payment(intent_id, payment, actor="comparison", now=now)
    _record_outcome(check_id, intent_id, Outcome.DIFFERS if difference else Outcome.AGREES, difference)


def record_no_answer(check_id: UUID, intent_id: UUID, error: str) -> None:
    """Record that the gateway will not say how a payment stands."""
    log.warning("payment not compared", intent_id=str(intent_id), error=error)
    _record_outcome(check_id, intent_id, Outcome.UNANSWERED)


def record_failed_try(check_id: UUID, intent_id: UUID, error: str) -> None:
    """Record that the gateway did not answer. After several tries the payment counts as unanswered."""
    log.warning("payment not compared", intent_id=str(intent_id), error=error)
    session = open_session()
    _lock_check(check_id)
    row = session.get_one(SettlementComparison, (check_id, intent_id), with_for_update=True, populate_existing=True)
    row.tries += 1
    if row.tries >= MOST_TRIES:
        session.flush()
        _record_outcome(check_id, intent_id, Outcome.UNANSWERED)


def end_lane(gateway: str, lane: int, *, now: datetime) -> None:
    """End a lane, and with the last lane the check. Two that end at once come one after the other."""
    if open_session().execute(_select_waiting(gateway, lane).limit(1)).one_or_none() is not None:
        enqueue(payment_jobs.COMPARE_PAYMENTS, gateway=gateway, lane=lane)  # more payments came after the last look
        return
    check = _lock_open_check()
    if check is None:
        return
    left = select(SettlementComparison.intent_id).where(
        SettlementComparison.check_id == check.id, SettlementComparison.outcome.is_(None)
    )
    if open_session().scalar(left.limit(1)) is None:
        _close_check(check, now=now)


def _select_recent(check_id: UUID, since: datetime) -> Select[tuple[UUID, UUID, str, int]]:
    """Select the payments that were begun or settled since then, if the gateway knows them."""
    last_byte = func.get_byte(func.uuid_send(PaymentIntent.id), 15)
    return select(literal(check_id), PaymentIntent.id, PaymentIntent.gateway, last_byte % LANES).where(
        or_(PaymentIntent.created_at >= since, PaymentIntent.settled_at >= since), PaymentIntent.reference.is_not(None)
    )


def _lock_open_check() -> SettlementCheck | None:
    query = select(SettlementCheck).where(SettlementCheck.finished_at.is_(None)).with_for_update()
    return open_session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def _select_waiting(gateway: str, lane: int) -> Select[UUID, UUID]:
    return select(SettlementComparison.check_id, SettlementComparison.intent_id).where(
        SettlementComparison.gateway == gateway,
        SettlementComparison.lane == lane,
        SettlementComparison.outcome.is_(None),
    )


def _record_outcome(check_id: UUID, intent_id: UUID, outcome: Outcome, difference: Difference | None = None) -> None:
    """Record an outcome once, since a worker that was thought dead may come to the same payment."""
    _lock_check(check_id)
    values = {"what": difference.what, "ours": difference.ours, "theirs": difference.theirs} if difference else {}
    noted = (
        update(SettlementComparison)
        .where(
            SettlementComparison.check_id == check_id,
            SettlementComparison.intent_id == intent_id,
            SettlementComparison.outcome.is_(None),
        )
        .values(outcome=outcome, compared_at=utcnow(), **values)
        .returning(SettlementComparison.intent_id)
    )
    if open_session().scalar(noted) is not None:
        _count_outcome(check_id, outcome)


def _lock_check(check_id: UUID) -> None:
    """Lock the check before its payments, as closing it does, so that nobody waits in a circle."""
    open_session().execute(select(SettlementCheck.id).where(SettlementCheck.id == check_id).with_for_update())


def _count_outcome(check_id: UUID, outcome: Outcome, number: int = 1) -> None:
    counted = {"unanswered": number} if outcome is Outcome.UNANSWERED else {"checked": number}
    if outcome is Outcome.DIFFERS:
        counted["differences"] = number
    more = {name: getattr(SettlementCheck, name) + by for name, by in counted.items()}
    open_session().execute(update(SettlementCheck).where(SettlementCheck.id == check_id).values(more))


def _close_check(check: SettlementCheck, *, now: datetime) -> None:
    session = open_session()
    late = update(SettlementComparison).where(
        SettlementComparison.check_id == check.id, SettlementComparison.outcome.is_(None)
    )
    noted = late.values(outcome=Outcome.UNANSWERED, compared_at=now).returning(SettlementComparison.intent_id)
    if given_up := len(session.scalars(noted).all()):
        _count_outcome(check.id, Outcome.UNANSWERED, given_up)
    session.refresh(check)
    check.finished_at = now
    session.flush()
    if check.differences:
        of_check = select(SettlementComparison).where(
            SettlementComparison.check_id == check.id, SettlementComparison.outcome == Outcome.DIFFERS
        )
        first = session.scalars(of_check.order_by(SettlementComparison.intent_id).limit(1)).one()
        assert first.what is not None  # noqa: S101 (CHECK what)
        log.error("gateways and books differ", check_id=str(check.id), differences=check.differences, what=first.what)
        publish(
            SettlementMismatch(
                check_id=check.id, differences=check.differences, what=first.what, intent_id=first.intent_id
            )
        )
