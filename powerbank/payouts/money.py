"""The money of a payout in the ledger: from payable to clearing, out of clearing, and back."""

from collections.abc import Sequence

from powerbank.base.db import open_session
from powerbank.ledger import services as ledger
from powerbank.ledger.accounts import Kind, gateway_account, network_account
from powerbank.ledger.services import EntryKind, Line, Reference
from powerbank.ledger.transfers import Transfer, post_transfers
from powerbank.payouts.models import Payout
from powerbank.payouts.payees import payable_account


def put_all_aside(payouts: Sequence[Payout], *, actor: str) -> None:
    """Move the money of many payouts that were just made and approved, by one call of the database."""
    clearing = network_account(Kind.PAYOUT_CLEARING)
    transfers = [
        Transfer(
            _key(payout, "approved"),
            str(payout.id),
            payable_account(payout.payee_kind, payout.payee_id),
            clearing,
            payout.amount,
        )
        for payout in payouts
    ]
    post_transfers(EntryKind.PAYOUT, transfers, about="payout", actor=actor)


def put_aside(payout: Payout, *, actor: str) -> None:
    """Move the money of a payout that was approved from what is payable to what is on its way."""
    payable = payable_account(payout.payee_kind, payout.payee_id)
    clearing = network_account(Kind.PAYOUT_CLEARING)
    _post(payout, "approved", [Line(payable, -payout.amount), Line(clearing, payout.amount)], actor=actor)


def give_back(payout: Payout, *, actor: str) -> None:
    """Make the money of a payout payable again that did not arrive."""
    payable = payable_account(payout.payee_kind, payout.payee_id)
    clearing = network_account(Kind.PAYOUT_CLEARING)
    _post(payout, "back", [Line(clearing, -payout.amount), Line(payable, payout.amount)], actor=actor)


def take_approval_back(payout: Payout, *, actor: str) -> None:
    """Make the money of an approved payout payable again. The next approval books under keys of its own."""
    give_back(payout, actor=actor)
    payout.approved_by = payout.approved_at = None
    payout.attempt += 1
    open_session().flush()


def book_paid(payout: Payout, *, actor: str) -> None:
    """Take the money of a payout that has arrived from the account that the provider pays from."""
    clearing = network_account(Kind.PAYOUT_CLEARING)
    paid_from = gateway_account(f"payouts-{payout.provider}", payout.currency)
    _post(payout, "paid", [Line(clearing, -payout.amount), Line(paid_from, payout.amount)], actor=actor)


def book_returned(payout: Payout, *, actor: str) -> None:
    """Take back that a payout arrived, and make its money payable again."""
    payable = payable_account(payout.payee_kind, payout.payee_id)
    paid_from = gateway_account(f"payouts-{payout.provider}", payout.currency)
    lines = [Line(paid_from, -payout.amount), Line(payable, payout.amount)]
    _post(payout, "returned", lines, actor=actor, kind=EntryKind.PAYOUT_RETURNED)


def _post(payout: Payout, step: str, lines: list[Line], *, actor: str, kind: EntryKind = EntryKind.PAYOUT) -> None:
    ledger.post_entry(
        kind=kind,
        key=_key(payout, step),
        lines=lines,
        actor=actor,
        reference=Reference("payout", str(payout.id)),
    )


def _key(payout: Payout, step: str) -> str:
    return f"payout:{payout.id}:{payout.attempt}:{step}"
