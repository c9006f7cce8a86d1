"""Where a document is at each moment: staged in the database, then in its store, then nowhere.

The store is spoken to between transactions. Its two calls may be repeated, so a job that died half-way is
simply run again.
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
from powerbank.kyc import encryption
from powerbank.kyc.document_store import store_named
from powerbank.kyc.errors import DocumentsDeletedError
from powerbank.kyc.events import KycSubmitted
from powerbank.kyc.models import KycDocument, KycSubmission
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish

log = structlog.get_logger(__name__)


def staged(submission_id: UUID) -> list[UUID]:
    found = db.session.scalars(
        select(KycDocument.id)
        .where(KycDocument.submission_id == submission_id, KycDocument.staged.is_not(None))
        .order_by(KycDocument.side)
    ).all()
    db.session.rollback()
    return list(found)


def put_into_store(document_id: UUID) -> dict[str, Any]:
    document = _now(document_id)
    if document is not None and document.staged is not None:
        store_named(document.store).put(document.key, document.staged)
    return {}


def note_stored(submission_id: UUID, *, now: datetime) -> None:
    """The staged bytes have done their duty. Where the person was forgotten meanwhile, what has just been put
    into the store must go again."""
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
    gone = [document for document in documents if not document.is_staged and document.stored_at is None]
    if gone:
        for document in gone:
            document.deleted_at, document.delete_after = None, now
        enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(submission.user_id))


def read(document_id: UUID, *, now: datetime) -> bytes:
    """The picture, wherever it is."""
    document = _now(document_id)
    if document is None or not document.may_be_read(now):
        raise DocumentsDeletedError
    try:
        return encryption.decrypt(document.staged or store_named(document.store).read(document.key))
    except (VendorError, PermanentError, encryption.UnreadableError) as error:
        log.error("document not readable", document_id=str(document_id), store=document.store, error=str(error))
        raise UnavailableError("document_store_away", "This document cannot be read right now.", 30) from None


def due(*, user_id: UUID, now: datetime) -> list[UUID]:
    found = db.session.scalars(
        select(KycDocument.id)
        .join(KycSubmission, KycSubmission.id == KycDocument.submission_id)
        .where(KycSubmission.user_id == user_id, KycDocument.delete_after <= now, KycDocument.deleted_at.is_(None))
        .order_by(KycDocument.id)
    ).all()
    db.session.rollback()
    return list(found)


def delete_from_store(document_id: UUID) -> dict[str, Any]:
    document = _now(document_id)
    if document is not None:
        store_named(document.store).delete(document.key)
    return {}


def note_deleted(document_ids: list[UUID], *, due_at: datetime, now: datetime) -> None:
    """What `note_stored` has found again since `due_at` stays due: the daily job takes it up."""
    open_session().execute(
        update(KycDocument)
        .where(KycDocument.id.in_(document_ids), KycDocument.delete_after <= due_at)
        .values(staged=None, stored_at=None, deleted_at=now)
    )


def delete_what_is_due(*, now: datetime) -> None:
    """One job for each person: a store that refuses one document does not keep the others."""
    people = open_session().scalars(
        select(KycSubmission.user_id)
        .join(KycDocument, KycDocument.submission_id == KycSubmission.id)
        .where(KycDocument.delete_after <= now, KycDocument.deleted_at.is_(None))
        .distinct()
    )
    for user_id in people.all():
        enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(user_id))


def _now(document_id: UUID) -> KycDocument | None:
    """The row as it is, bytes and all, and no transaction that stays open while a store takes its time."""
    session = db.session()
    document = session.get(KycDocument, document_id, options=[undefer(KycDocument.staged)], populate_existing=True)
    session.expunge_all()
    session.rollback()
    return document
