"""How everything that is kept of people's documents comes under the newest key.

`flask documents reencrypt` goes through it, each row in a transaction of its own, and may be stopped and run again at
any time.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, undefer

from powerbank.base.db import db, open_session
from powerbank.base.errors import PermanentError
from powerbank.integrations.errors import VendorError
from powerbank.kyc.documents import encryption
from powerbank.kyc.documents.store import get_store
from powerbank.kyc.models import KycDocument, KycSubmission
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue

BATCH = 100


@dataclass
class Report:
    seen: int = 0
    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)  # what none of the keys opens, or the store does not give


def iterate_numbers() -> Iterator[UUID]:
    """Go through the submissions that have a citizenship number."""
    return _iterate_ids(KycSubmission.id, KycSubmission.number.is_not(None))


def iterate_staged_documents() -> Iterator[UUID]:
    return _iterate_ids(KycDocument.id, KycDocument.staged.is_not(None))


def iterate_stored_documents() -> Iterator[UUID]:
    return _iterate_ids(KycDocument.id, KycDocument.stored_at.is_not(None))


def reencrypt_number(submission_id: UUID, report: Report) -> None:
    submission = open_session().get(KycSubmission, submission_id, with_for_update=True, populate_existing=True)
    if submission is not None and submission.number is not None:
        renewed = _reencrypt(submission.number, f"number of {submission_id}", report)
        submission.number = renewed or submission.number


def reencrypt_staged_document(document_id: UUID, report: Report) -> None:
    document = open_session().get(
        KycDocument, document_id, options=[undefer(KycDocument.staged)], with_for_update=True, populate_existing=True
    )
    if document is not None and document.staged is not None:
        document.staged = _reencrypt(document.staged, f"document {document_id}", report) or document.staged


def reencrypt_stored_document(document_id: UUID, report: Report) -> bool:
    """Put the document back into its store under the newest key, outside of any transaction.

    True means that it was put back. The person may have been forgotten meanwhile, so the caller follows up with
    `delete_if_forgotten`.
    """
    document = db.session.get(KycDocument, document_id, populate_existing=True)
    db.session.rollback()
    if document is None or document.stored_at is None or document.deleted_at is not None:
        return False
    store, key = get_store(document.store), document.key
    try:
        renewed = _reencrypt(store.read(key), f"document {document_id}", report)
        if renewed is not None:
            store.put(key, renewed)
    except (VendorError, PermanentError) as error:
        report.unreadable.append(f"document {document_id}: {error}")
        return False
    return renewed is not None


def delete_if_forgotten(document_id: UUID, *, now: datetime) -> None:
    """Have the store delete a document that was put back although its person was forgotten meanwhile."""
    document = open_session().get(KycDocument, document_id, with_for_update=True, populate_existing=True)
    if document is None or document.delete_after is None or document.delete_after > now:
        return
    document.deleted_at, document.delete_after = None, now
    owner = open_session().scalar(select(KycSubmission.user_id).where(KycSubmission.id == document.submission_id))
    enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(owner))


def _iterate_ids(column: InstrumentedAttribute[UUID], condition: ColumnElement[bool]) -> Iterator[UUID]:
    """Go through the ids in batches, in the order of the ids, so that no transaction stays open meanwhile."""
    after: UUID | None = None
    while True:
        query = select(column).where(condition).order_by(column).limit(BATCH)
        found = db.session.scalars(query if after is None else query.where(column > after)).all()
        db.session.rollback()
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1]


def _reencrypt(token: bytes, name: str, report: Report) -> bytes | None:
    report.seen += 1
    try:
        renewed = encryption.reencrypt(token)
    except encryption.UnreadableError as error:
        report.unreadable.append(f"{name}: {error}")
        return None
    report.renewed += renewed is not None
    return renewed
