"""The making of statements: one for each payout that was paid, and one for each month.

A statement begins where the one before of its kind ended, so they chain. It is written once, with a digest over all of
it, and what is shown later is what was written then.
"""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from powerbank.base.clock import format_time
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.base.money import NPR
from powerbank.ledger.accounts import Kind
from powerbank.ledger.models import Account
from powerbank.ledger.services import EntryKind
from powerbank.partners import mails
from powerbank.partners import queries as partners
from powerbank.partners.models import MailKind
from powerbank.payouts import payees
from powerbank.payouts.models import Payout, PayoutAccount
from powerbank.payouts.statements import lines
from powerbank.payouts.statements.models import Statement, StatementCounter, StatementKind, StatementPage
from powerbank.payouts.states import PayeeKind, Status

COUNTER = "statements"
_BALANCE = text("""
    SELECT CAST(coalesce(sum(amount), 0) AS bigint) FROM ledger_postings
     WHERE account_id = :account AND number <= :up_to
""")
_LAST_BEFORE = text("""
    SELECT coalesce(max(number), 0) FROM ledger_postings WHERE account_id = :account AND created_at < :moment
""")


def make_statements_of_payee(payout_id: UUID, *, now: datetime) -> list[Statement]:
    """Make the statement of a payout, and before it those of earlier ones that are still missing."""
    payout = open_session().get_one(Payout, payout_id)
    _lock_payee(payout.payee_kind, payout.payee_id)
    missing = (
        select(Payout)
        .outerjoin(Statement, Statement.payout_id == Payout.id)
        .where(
            Payout.payee_kind == payout.payee_kind,
            Payout.payee_id == payout.payee_id,
            Payout.status.in_((Status.PAID, Status.RETURNED)),
            Payout.up_to <= payout.up_to,
            Statement.id.is_(None),
        )
        .order_by(Payout.up_to)
    )
    return [_make_for_payout(each, now=now) for each in open_session().scalars(missing).all()]


def make_statement_of_account(account_id: UUID, month: date, *, now: datetime) -> None:
    """Make the statement of a month for the payee whose payable account this is."""
    account = db.session.get_one(Account, account_id)
    kind, payee_id = payees.KIND_OF[Kind(account.kind)], UUID(account.owner)
    if payees.find_payees(kind, [payee_id]):
        make_statement_of_month(kind, payee_id, month, now=now)


def make_statement_of_month(kind: PayeeKind, payee_id: UUID, month: date, *, now: datetime) -> Statement | None:
    """Make the statement of a month that is over, once. None: nothing has moved, or it is there."""
    _lock_payee(kind, payee_id)
    account_id = lines.find_account(kind, payee_id)
    known = select(Statement.id).filter_by(payee_kind=kind, payee_id=payee_id, month=month)
    after = (month.replace(day=28) + (date(2000, 1, 5) - date(2000, 1, 1))).replace(day=1)
    if account_id is None or db.session.scalar(known) is not None or partners.begin_of_day(after) > now:
        return None
    previous = _find_previous(kind, payee_id, StatementKind.MONTH)
    begin = previous.up_to if previous else _last_before(account_id, month)
    up_to = max(begin, _last_before(account_id, after))
    if up_to == begin:
        return None
    opening = previous.closing if previous else _balance_at(account_id, begin)
    pages = lines.read_pages(kind, payee_id, after=begin, up_to=up_to, payouts=True)
    return _write(
        Statement(
            id=new_id(),
            kind=StatementKind.MONTH,
            payee_kind=kind,
            payee_id=payee_id,
            month=month,
            from_number=begin,
            up_to=up_to,
            opening=opening,
            head=_make_head(kind, payee_id, now=now),
        ),
        pages,
        paid=0,
    )


def list_pages(statement: Statement) -> Iterator[list[dict[str, Any]]]:
    """Give the lines of a statement as they were written, a page at a time."""
    for page in range(-(-statement.lines_count // lines.PAGE)):
        content = db.session.scalar(select(StatementPage.content).filter_by(statement_id=statement.id, page=page))
        yield json.loads(zlib.decompress(content or b""))


def find_statement(statement_id: UUID) -> Statement:
    found = db.session.get(Statement, statement_id)
    if found is None:
        raise NotFoundError("statement")
    return found


def find_statement_of_payout(payout_id: UUID) -> Statement:
    found = db.session.scalar(select(Statement).filter_by(payout_id=payout_id))
    if found is None:
        raise NotFoundError("statement")
    return found


def verify(statement: Statement) -> bool:
    """Say whether a statement still is what was written."""
    return _digest(statement, (_encode(page) for page in list_pages(statement))) == statement.digest


def _make_for_payout(payout: Payout, *, now: datetime) -> Statement:
    previous = _find_previous(payout.payee_kind, payout.payee_id, StatementKind.PAYOUT)
    begin = previous.up_to if previous else 0
    account = db.session.get_one(PayoutAccount, payout.account_id)
    head = _make_head(payout.payee_kind, payout.payee_id, now=now) | {
        "payout": payout.code,
        "cutoff": format_time(payout.cutoff),
        "paid_at": format_time(payout.paid_at or now),
        "reference": payout.reference,
        "account": None if account.number_ends is None else f"••••{account.number_ends}",
    }
    pages = lines.read_pages(payout.payee_kind, payout.payee_id, after=begin, up_to=payout.up_to, payouts=False)
    return _write(
        Statement(
            id=new_id(),
            kind=StatementKind.PAYOUT,
            payee_kind=payout.payee_kind,
            payee_id=payout.payee_id,
            payout_id=payout.id,
            from_number=begin,
            up_to=payout.up_to,
            opening=previous.closing if previous else 0,
            head=head,
        ),
        pages,
        paid=payout.amount,
    )


def _write(statement: Statement, pages: Iterable[list[dict[str, Any]]], *, paid: int) -> Statement:
    """Write a statement with its lines, and give it the next number at the very end."""
    session = open_session()
    totals: Counter[str] = Counter()
    earned = count = 0
    written: list[dict[str, Any]] = []
    for number, page in enumerate(pages):
        for line in page:
            totals[line["kind"]] += line["amount"]
            totals["gross"] += line["gross"]
            totals["tax"] += line["tax"]
            totals["share"] += line["share"]
            totals["withheld"] += line["withheld"]
            if line["kind"] == EntryKind.PAYOUT:
                paid -= line["amount"]
            else:
                earned += line["amount"]
        count += len(page)
        content = _encode([line | {"at": format_time(line["at"])} for line in page])
        written.append({"statement_id": statement.id, "page": number, "content": zlib.compress(content)})
    statement.totals = dict(sorted(totals.items()))
    statement.lines_count, statement.earned, statement.paid = count, earned, paid
    statement.closing = statement.opening + earned - paid
    _give_number(statement)
    statement.digest = _digest(statement, (zlib.decompress(page["content"]) for page in written))
    session.add(statement)
    session.flush()
    if written:
        session.execute(insert(StatementPage), written)
    if statement.payee_kind == PayeeKind.PARTNER:
        mails.queue_mail(statement.payee_id, MailKind.STATEMENT, about=statement.id, version=statement.number)
    return statement


def _give_number(statement: Statement) -> None:
    """Take the next number. Whoever makes another statement waits until this one is there, or is not."""
    row = {"name": COUNTER, "last": 1}
    taken = (
        insert(StatementCounter)
        .values(row)
        .on_conflict_do_update(index_elements=["name"], set_={"last": StatementCounter.last + 1})
        .returning(StatementCounter.last)
    )
    statement.sequence = open_session().scalars(taken).one()
    statement.number = f"S{statement.sequence:07d}"


def _digest(statement: Statement, pages: Iterable[bytes]) -> bytes:
    head = {
        "number": statement.number,
        "kind": statement.kind,
        "payee_id": str(statement.payee_id),
        "opening": statement.opening,
        "earned": statement.earned,
        "paid": statement.paid,
        "closing": statement.closing,
        "totals": statement.totals,
        "head": statement.head,
    }
    whole = hashlib.sha256(_encode(head))
    for page in pages:
        whole.update(page)
    return whole.digest()


def _encode(what: object) -> bytes:
    return json.dumps(what, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _make_head(kind: str, payee_id: UUID, *, now: datetime) -> dict[str, Any]:
    payee = payees.find_payee(kind, payee_id)
    partner = partners.find_partner(payee_id) if kind == PayeeKind.PARTNER else None
    return {
        "payee": payee.name,
        "pan": partner.pan if partner else None,
        "address": partner.contact.get("address") if partner else None,
        "currency": NPR,
        "made_at": format_time(now),
    }


def _find_previous(kind: str, payee_id: UUID, statement: StatementKind) -> Statement | None:
    query = select(Statement).filter_by(payee_kind=kind, payee_id=payee_id, kind=statement)
    found: Statement | None = db.session.scalar(query.order_by(Statement.up_to.desc(), Statement.id.desc()).limit(1))
    return found


def _lock_payee(kind: str, payee_id: UUID) -> None:
    """Let the statements of one payee be made one after the other."""
    open_session().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"statements:{kind}:{payee_id}"}
    )


def _balance_at(account_id: UUID, number: int) -> int:
    return int(db.session.scalar(_BALANCE, {"account": account_id, "up_to": number}) or 0)


def _last_before(account_id: UUID, day: date) -> int:
    window = {"account": account_id, "moment": partners.begin_of_day(day)}
    return int(db.session.scalar(_LAST_BEFORE, window) or 0)
