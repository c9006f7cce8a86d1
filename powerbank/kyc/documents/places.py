"""Where a document is at each moment: staged in the database, then in its store, then nowhere.

The store is called between transactions. Its calls may be repeated, so a job that died half-way is simply run again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import undefer

from powerbank.base.db import db, open_session
from powerbank.base.errors import PermanentError, UnavailableError
from powerbank.integrations.errors import VendorError
from powerbank.kyc.documents import encryption
from powerbank.kyc.documents.store import get_store
from powerbank.kyc.errors import DocumentsDeletedError
from powerbank.kyc.events import KycSubmitted
from powerbank.kyc.models import KycDocument, KycSubmission
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish

log = structlog.get_logger(__name__)


def list_staged_documents(submission_id: UUID) -> list[UUID]:
    found = db.session.scalars(
        select(KycDocument.id)
        .where(KycDocument.submission_id == submission_id, KycDocument.staged.is_not(None))
        .order_by(KycDocument.side)
    ).all()
    db.session.rollback()
    return list(found)


def store_document(document_id: UUID) -> dict[str, Any]:
    """Copy the staged bytes to the store, outside of any transaction."""
    document = _read_row(document_id)
    if document is not None and document.staged is not None:
        get_store(document.store).put(document.key, document.staged)
    return {}


def record_stored(submission_id: UUID, *, now: datetime) -> None:
    """Record that the documents are in the store, and drop the staged bytes.

    Where the person was forgotten meanwhile, the documents that have just been stored must be deleted again.
    """
    session = open_session()
    submission = session.get(KycSubmission, submission_id)
    if submission is None:
        return
    documents = session.scalars(
        select(KycDocument)
        .where(KycDocument.submission_id == submission_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if all(document.is_staged for document in documents):
        for document in documents:
            document.staged, document.stored_at = None, now
        publish(KycSubmitted(user_id=submission.user_id, submission_id=submission_id))
        return
    forgotten = [document for document in documents if not document.is_staged and document.stored_at is None]
    if forgotten:
        for document in forgotten:
            document.deleted_at, document.delete_after = None, now
        enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(submission.user_id))


def read_document(document_id: UUID, *, now: datetime) -> bytes:
    """Read and decrypt the picture, wherever it is."""
    document = _read_row(document_id)
    if document is None or not document.may_be_read(now):
        raise DocumentsDeletedError
    try:
        return encryption.decrypt(document.staged or get_store(document.store).read(document.key))
    except (VendorError, PermanentError, encryption.UnreadableError) as error:
        log.error(
            "document cannot be read or decrypted", document_id=str(document_id), store=document.store, error=str(error)
        )
        raise UnavailableError("document_store_away", "This document cannot be read right now.", 30) from None


def list_due_deletions(*, user_id: UUID, now: datetime) -> list[UUID]:
    """List the documents of a person that the store should have deleted by now."""
    found = db.session.scalars(
        select(KycDocument.id)
        .join(KycSubmission, KycSubmission.id == KycDocument.submission_id)
        .where(KycSubmission.user_id == user_id, KycDocument.delete_after <= now, KycDocument.deleted_at.is_(None))
        .order_by(KycDocument.id)
    ).all()
    db.session.rollback()
    return list(found)


def delete_document(document_id: UUID) -> dict[str, Any]:
    """Delete the document from its store, outside of any transaction."""
    document = _read_row(document_id)
    if document is not None:
        get_store(document.store).delete(document.key)
    return {}


def record_deleted(document_ids: list[UUID], *, due_at: datetime, now: datetime) -> None:
    """Record that the store has deleted these documents.

    One that `record_stored` has stored again since `due_at` stays due: the daily job takes it up.
    """
    open_session().execute(
        update(KycDocument)
        .where(KycDocument.id.in_(document_ids), KycDocument.delete_after <= due_at)
        .values(staged=None, stored_at=None, deleted_at=now)
    )


def enqueue_due_deletions(*, now: datetime) -> None:
    """Enqueue one job for each person, so that a store that refuses one document does not keep the others."""
    people = open_session().scalars(
        select(KycSubmission.user_id)
        .join(KycDocument, KycDocument.submission_id == KycSubmission.id)
        .where(KycDocument.delete_after <= now, KycDocument.deleted_at.is_(None))
        .distinct()
    )
    for user_id in people.all():
        enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(user_id))


def _read_row(document_id: UUID) -> KycDocument | None:
    """Read the row with its bytes, and leave no transaction open while a store takes its time."""
    session = db.session()
    document = session.get(KycDocument, document_id, options=[undefer(KycDocument.staged)], populate_existing=True)
    session.expunge_all()
    session.rollback()
    return document
