"""Payouts that people send: a file for the bank's portal, the bank's answers to it, and payments by hand."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.auth import Staff
from powerbank.base.audit import staff_actor
from powerbank.base.clock import local_day
from powerbank.base.db import db, open_session
from powerbank.base.errors import NotFoundError
from powerbank.base.money import format_amount
from powerbank.payouts import payees, transitions
from powerbank.payouts.accounts import encryption
from powerbank.payouts.errors import BankFileError, SecondPersonError
from powerbank.payouts.models import Payout, PayoutAccount
from powerbank.payouts.sending import providers
from powerbank.payouts.sending.outcomes import fail_payout, pay_payout
from powerbank.payouts.states import OPEN, AccountStatus, PayeeKind, Status

HEAD = ("payout", "bank_code", "account_number", "account_name", "amount", "currency", "remarks")
ANSWER = ("payout", "amount", "result", "reference")
ACTOR = "payouts"
MOST_BYTES = 4 * 1024 * 1024


def hand_over(payout: Payout, *, now: datetime) -> None:
    """Hand a payout to people: it stands in the file of its day from now on, if a file pays it."""
    batch = f"{local_day(payout.cutoff):%Y-%m-%d}" if payout.provider == providers.BANK_FILE.name else None
    transitions.move(payout, Status.PROCESSING, actor=ACTOR, now=now, batch=batch)


def write_bank_file(batch: str, *, staff: Staff) -> str:
    """Write the file of a batch for the bank's portal, and note who has it.

    What is decided already is left out, and what somebody says was paid without the file, and what nobody has taken yet
    and would go to an account that was replaced.
    """
    rows = _lock_for_file(batch)
    if not rows:
        raise NotFoundError("batch")
    actor = staff_actor(staff.id)
    for payout, _ in rows:
        payout.file_taken_by = actor
        payout.file_takers = sorted({*payout.file_takers, actor})
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    lines.writerow(HEAD)
    for payout, account in rows:
        number = encryption.decrypt_number(account.number) if account.number else ""
        amount = format_amount(payout.amount)
        lines.writerow(
            [payout.key, account.bank_code, number, account.name, amount, payout.currency, f"Powerbank {payout.code}"]
        )
    return written.getvalue()


def _lock_for_file(batch: str) -> list[tuple[Payout, PayoutAccount]]:
    session = open_session()
    query = select(Payout).where(
        Payout.batch == batch, Payout.status == Status.PROCESSING, Payout.outcome_said.is_distinct_from("paid")
    )
    payouts = session.scalars(query.order_by(Payout.id).with_for_update()).all()
    # Read when the payouts are locked: who replaces an account waits for the lock, or has been waited for.
    wanted = select(PayoutAccount).where(PayoutAccount.id.in_([payout.account_id for payout in payouts]))
    accounts = {each.id: each for each in session.scalars(wanted.execution_options(populate_existing=True))}
    return [
        (payout, account)
        for payout in payouts
        if (account := accounts[payout.account_id]).status == AccountStatus.CONFIRMED or not _may_leave_file(payout)
    ]


def find_in_file(payee_kind: PayeeKind, payee_id: UUID) -> UUID | None:
    """Find the payout of a payee in a file that nobody has taken yet. Whoever is sending it is waited for."""
    query = select(Payout).filter_by(payee_kind=payee_kind, payee_id=payee_id).where(Payout.status.in_(OPEN))
    payout = open_session().scalar(query.with_for_update())
    return payout.id if payout is not None and _may_leave_file(payout) else None


def take_out_of_file(payout: Payout, *, now: datetime) -> None:
    """Take a payout back whose account was replaced before anybody took the file. The next run pays to the new one."""
    if _may_leave_file(payout):
        fail_payout(payout, why="The account was changed.", actor=ACTOR, now=now)


def _may_leave_file(payout: Payout) -> bool:
    """Say whether nobody has this payout yet. What was taken, or is said to be paid, may be at the bank."""
    is_in_file = payout.status == Status.PROCESSING and payout.batch is not None
    return is_in_file and payout.file_taken_by is None and payout.outcome_said != "paid"


def take_answers(batch: str, data: bytes, *, staff: Staff, now: datetime) -> dict[str, int]:
    """Take over a bank's answers to a batch: all of the file, or nothing of it."""
    rows = _read_answers(data)
    query = select(Payout).where(Payout.batch == batch).order_by(Payout.id).with_for_update()
    known = {payout.key: payout for payout in open_session().scalars(query)}
    if not known:
        raise NotFoundError("batch")
    wrong = _find_wrong(rows, known)
    if wrong:
        raise BankFileError(wrong)
    actor = staff_actor(staff.id)
    if not all(_stands_another_behind(known[row["payout"]], actor) for row in rows):
        raise SecondPersonError("A second person says what became of a payout.")
    payees.refuse_own([known[row["payout"]] for row in rows], staff)
    counted = {"paid": 0, "failed": 0, "known": 0}
    for row in rows:
        payout = known[row["payout"]]
        if payout.status != Status.PROCESSING:
            counted["known"] += 1  # the same file came again
            continue
        payout.reference, payout.decided_by = row["reference"] or None, actor
        if row["result"] == "paid":
            pay_payout(payout, actor=actor, now=now)
        else:
            fail_payout(payout, why="The bank did not pay it.", actor=actor, now=now)
        counted[row["result"]] += 1
    return counted


def _stands_another_behind(payout: Payout, actor: str) -> bool:
    """Say whether somebody else took the file to the bank, or where nobody did, made the payout happen."""
    takers = list_takers(payout)
    return actor not in takers if takers else transitions.find_first_person(payout) not in (actor, None)


def list_takers(payout: Payout) -> list[str]:
    """List who has had the file in which a payout stands. Older code notes only who had it last."""
    return sorted({*payout.file_takers} | ({payout.file_taken_by} if payout.file_taken_by else set()))


def list_batches() -> list[dict[str, Any]]:
    """List the newest batches that still have payouts without an answer, with how many and how much."""
    query = (
        select(
            Payout.batch,
            func.count().label("payouts"),
            func.sum(Payout.amount).label("amount"),
            func.count(Payout.file_taken_by).label("taken"),
        )
        .where(Payout.batch.is_not(None), Payout.status == Status.PROCESSING)
        .group_by(Payout.batch)
        .order_by(Payout.batch.desc())
        .limit(100)
    )
    return [dict(row._mapping) for row in db.session.execute(query)]


def _read_answers(data: bytes) -> list[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        heading = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in ANSWER if name not in heading]:
            raise BankFileError([f"The first line must name these columns too: {', '.join(missing)}."])
        reader.fieldnames = heading
        return [{name: (row.get(name) or "").strip() for name in ANSWER} for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise BankFileError(["Not a CSV file in UTF-8."]) from None


def _find_wrong(rows: Sequence[Mapping[str, str]], known: Mapping[str, Payout]) -> list[str]:
    """Find every row that is not an answer to this batch, by the number of its line."""
    wrong, seen = [] if rows else ["The file has no rows."], set[str]()
    for number, row in enumerate(rows, start=2):
        payout = known.get(row["payout"])
        if payout is None:
            wrong.append(f"Line {number}: this batch has no such payout.")
        elif row["payout"] in seen:
            wrong.append(f"Line {number}: the payout stands there twice.")
        elif row["amount"] != format_amount(payout.amount):
            wrong.append(f"Line {number}: another amount than was asked for.")
        elif row["result"] not in ("paid", "failed"):
            wrong.append(f"Line {number}: the result is paid or failed.")
        elif payout.status not in (Status.PROCESSING, Status(row["result"])):
            wrong.append(f"Line {number}: this payout is {payout.status}.")
        seen.add(row["payout"])
    return wrong
