"""How the numbers of payout accounts come under the newest key, with their digests, each in a transaction of its own.

`flask payouts reencrypt` goes through them, and may be stopped and run again at any time.
"""

from dataclasses import dataclass, field
from uuid import UUID

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from powerbank.base.db import db, open_session
from powerbank.payouts.accounts import encryption
from powerbank.payouts.models import PayoutAccount

BATCH = 500


@dataclass
class Report:
    seen: int = 0
    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)  # accounts whose number none of the keys opens


def find_accounts(after: UUID) -> list[UUID]:
    """Find the next accounts that have a number."""
    query = select(PayoutAccount.id).where(PayoutAccount.id > after, PayoutAccount.number.is_not(None))
    return list(db.session.scalars(query.order_by(PayoutAccount.id).limit(BATCH)))


def reencrypt_account(account_id: UUID, report: Report) -> None:
    account = open_session().get_one(PayoutAccount, account_id, with_for_update=True, populate_existing=True)
    assert account.number is not None  # noqa: S101 (CHECK number: it keeps its number)
    report.seen += 1
    if encryption.is_under_first_key(account.number):
        return
    try:
        number = encryption.decrypt_number(account.number)
    except InvalidToken:
        report.unreadable.append(f"account {account_id}: none of the keys opens its number")
        return
    account.number, account.number_digest = encryption.encrypt_number(number), encryption.digest_number(number)
    open_session().flush()
    report.renewed += 1
