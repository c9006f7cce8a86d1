"""Everything that is kept of people's documents, put under the newest key. May be stopped and run again at any time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, undefer

from powerbank.base.db import db, open_session, transaction
from powerbank.base.errors import PermanentError
from powerbank.integrations.errors import VendorError
from powerbank.kyc import encryption
from powerbank.kyc.document_store import store_named
from powerbank.kyc.models import KycDocument, KycSubmission
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue

BATCH = 100


@dataclass
class Report:
    seen: int = 0
    renewed: int = 0
    unreadable: list[str] = field(default_factory=list)  # what none of the keys opens, or the store does not give


def rekey(*, now: Callable[[], datetime]) -> Report:
    """Numbers first, then pictures that wait in the database, then those in their stores."""
    report = Report()
    for submission_id in _ids(KycSubmission.id, KycSubmission.number.is_not(None)):
        with transaction():
            _renew_number(submission_id, report)
    for document_id in _ids(KycDocument.id, KycDocument.staged.is_not(None)):
        with transaction():
            _renew_staged(document_id, report)
    for document_id in _ids(KycDocument.id, KycDocument.stored_at.is_not(None)):
        _renew_stored(document_id, report, now=now)
    return report


def _ids(column: InstrumentedAttribute[UUID], condition: ColumnElement[bool]) -> Iterator[UUID]:
    """In batches by keyset: no transaction stays open meanwhile."""
    after: UUID | None = None
    while True:
        query = select(column).where(condition).order_by(column).limit(BATCH)
        found = db.session.scalars(query if after is None else query.where(column > after)).all()
        db.session.rollback()
        yield from found
        if len(found) < BATCH:
            return
        after = found[-1]


def _renew_number(submission_id: UUID, report: Report) -> None:
    submission = open_session().get(KycSubmission, submission_id, with_for_update=True, populate_existing=True)
    if submission is not None and submission.number is not None:
        submission.number = _renewed(submission.number, f"number of {submission_id}", report) or submission.number


def _renew_staged(document_id: UUID, report: Report) -> None:
    document = open_session().get(
        KycDocument, document_id, options=[undefer(KycDocument.staged)], with_for_update=True, populate_existing=True
    )
    if document is not None and document.staged is not None:
        document.staged = _renewed(document.staged, f"document {document_id}", report) or document.staged


def _renew_stored(document_id: UUID, report: Report, *, now: Callable[[], datetime]) -> None:
    """The store is spoken to between transactions, so the person may be forgotten meanwhile: then what has just been
    put back must go again."""
    document = db.session.get(KycDocument, document_id, populate_existing=True)
    db.session.rollback()
    if document is None or document.stored_at is None or document.deleted_at is not None:
        return
    store, key = store_named(document.store), document.key
    try:
        content = _renewed(store.read(key), f"document {document_id}", report)
        if content is not None:
            store.put(key, content)
    except (VendorError, PermanentError) as error:
        report.unreadable.append(f"document {document_id}: {error}")
        return
    if content is not None:
        with transaction():
            _delete_if_forgotten(document_id, now())


def _delete_if_forgotten(document_id: UUID, now: datetime) -> None:
    document = open_session().get(KycDocument, document_id, with_for_update=True, populate_existing=True)
    if document is None or document.delete_after is None or document.delete_after > now:
        return
    document.deleted_at, document.delete_after = None, now
    owner = open_session().scalar(select(KycSubmission.user_id).where(KycSubmission.id == document.submission_id))
    enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(owner))


def _renewed(token: bytes, what: str, report: Report) -> bytes | None:
    report.seen += 1
    try:
        renewed = encryption.renewed(token)
    except encryption.UnreadableError as error:
        report.unreadable.append(f"{what}: {error}")
        return None
    report.renewed += renewed is not None
    return renewed
