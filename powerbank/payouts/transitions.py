"""Moves of a payout: each is written with its audit, and with what the console is told."""

from datetime import datetime
from typing import Any
from uuid import UUID

from powerbank.base import audit
from powerbank.base.db import open_session
from powerbank.base.errors import NotFoundError
from powerbank.base.money import format_amount
from powerbank.live import changes
from powerbank.payouts.errors import WrongStateError
from powerbank.payouts.models import Payout, PayoutRun
from powerbank.payouts.states import MOVES, PayeeKind, Status

POLICY = "policy"  # approves what is small enough


def lock_payout(payout_id: UUID) -> Payout:
    payout = open_session().get(Payout, payout_id, with_for_update=True, populate_existing=True)
    if payout is None:
        raise NotFoundError("payout")
    return payout


def find_first_person(payout: Payout) -> str | None:
    """Find who made a payout happen: who approved it, or where the policy did, who asked for its run."""
    run = open_session().get_one(PayoutRun, payout.run_id)
    first = payout.approved_by if payout.approved_by != POLICY else run.asked_by
    return first if first is not None and first.startswith("staff:") else None


def move(payout: Payout, to: Status, *, actor: str, now: datetime, **more: Any) -> None:
    """Move a locked payout, or refuse it."""
    before = Status(payout.status)
    if to not in MOVES[before]:
        raise WrongStateError(before)
    payout.status = to
    for name, value in more.items():
        setattr(payout, name, value)
    open_session().flush()
    if actor.startswith("staff:"):
        audit.record(
            actor=actor,
            action=f"payouts.{to}",
            object_kind="payouts",
            object_id=payout.id,
            old={"status": before},
            new={"status": to, "amount": format_amount(payout.amount), "reason": payout.reason},
        )
    announce(payout)


def announce(payout: Payout) -> None:
    """Tell those who look at a payout that it has changed, after the commit."""
    topics = ("payouts", f"partner:{payout.payee_id}") if payout.payee_kind == PayeeKind.PARTNER else ("payouts",)
    changes.announce(*topics, kind="payout", id=str(payout.id))


def require(payout: Payout, *statuses: Status) -> None:
    if payout.status not in statuses:
        raise WrongStateError(payout.status)
