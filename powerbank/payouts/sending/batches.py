"""Payouts that people send: a file for the bank's portal, the bank's answers to it, and payments by hand."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

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
from powerbank.payouts.states import Status

HEAD = ("payout", "bank_code", "account_number", "account_name", "amount", "currency", "remarks")
ANSWER = ("payout", "amount", "result", "reference")
MOST_BYTES = 4 * 1024 * 1024


def hand_over(payout: Payout, *, now: datetime) -> None:
    """Hand a payout to people: it stands in the file of its day from now on, if a file pays it."""
    batch = f"{local_day(payout.cutoff):%Y-%m-%d}" if payout.provider == providers.BANK_FILE.name else None
    transitions.move(payout, Status.PROCESSING, actor="payouts", now=now, batch=batch)


def write_bank_file(batch: str, *, staff: Staff) -> str:
    """Write the file of a batch for the bank's portal, and note who has it. What is decided already is left out."""
    session = open_session()
    rows = session.execute(
        select(Payout, PayoutAccount)
        .join(PayoutAccount, PayoutAccount.id == Payout.account_id)
        .where(Payout.batch == batch, Payout.status == Status.PROCESSING)
        .order_by(Payout.id)
        .with_for_update(of=Payout)
    ).all()
    if not rows:
        raise NotFoundError("batch")
    session.execute(
        update(Payout)
        .where(Payout.batch == batch, Payout.status == Status.PROCESSING)
        .values(file_taken_by=staff_actor(staff.id))
    )
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
    if any(known[row["payout"]].file_taken_by == actor for row in rows):
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
