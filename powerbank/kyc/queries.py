"""Read identity checks, for people and staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.kyc.documents import encryption
from powerbank.kyc.errors import DocumentsDeletedError
from powerbank.kyc.models import KycDocument, KycRecord, KycStatus, KycSubmission

log = structlog.get_logger(__name__)

MOST_COUNTED = 1000


def find_submission_of_user(user_id: UUID) -> KycSubmission | None:
    """Find the present submission of a person."""
    found: KycSubmission | None = db.session.scalar(
        select(KycSubmission)
        .join(KycRecord, KycRecord.submission_id == KycSubmission.id)
        .where(KycRecord.user_id == user_id)
    )
    return found


def get_submission(submission_id: UUID) -> KycSubmission:
    found = db.session.get(KycSubmission, submission_id)
    if found is None:
        raise NotFoundError("submission")
    return found


def list_submissions(*, status: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the present submission of each person, oldest first."""
    query = select(KycRecord).options(joinedload(KycRecord.submission).joinedload(KycSubmission.user))
    if status is not None:
        query = query.where(KycRecord.status == status)
    found = page(query, KycRecord.submission_id, limit=limit, cursor=cursor)
    return {**found, "items": [record.submission for record in found["items"]]}


@dataclass(frozen=True)
class Backlog:
    """How many people wait for a decision, counted up to a bound, and since when the first of them does."""

    count: int
    most: int
    oldest: datetime | None


def read_backlog() -> Backlog:
    waiting = select(KycRecord.submission_id).where(KycRecord.status == KycStatus.PENDING)
    count = db.session.scalar(select(func.count()).select_from(waiting.limit(MOST_COUNTED + 1).subquery())) or 0
    first = waiting.order_by(KycRecord.submission_id).limit(1).scalar_subquery()
    oldest = db.session.scalar(select(KycSubmission.submitted_at).where(KycSubmission.id == first))
    return Backlog(count, MOST_COUNTED, oldest)


def list_submissions_of_user(user_id: UUID) -> Sequence[KycSubmission]:
    """Read the newest fifty submissions of a person, newest first."""
    return db.session.scalars(
        select(KycSubmission).where(KycSubmission.user_id == user_id).order_by(KycSubmission.id.desc()).limit(50)
    ).all()


def list_documents(submission_id: UUID) -> Sequence[KycDocument]:
    return db.session.scalars(select(KycDocument).where(KycDocument.submission_id == submission_id)).all()


def list_readable_documents(submission_id: UUID, *, now: datetime) -> Sequence[KycDocument]:
    """Read both documents of a submission, or refuse if they have been deleted."""
    get_submission(submission_id)
    found = list_documents(submission_id)
    if not found or not all(document.may_be_read(now) for document in found):
        raise DocumentsDeletedError
    return found


def get_document(document_id: UUID) -> KycDocument:
    found = db.session.get(KycDocument, document_id)
    if found is None:
        raise NotFoundError("document")
    return found


def decrypt_number(submission: KycSubmission) -> str | None:
    """Decrypt the number for staff; None if it was forgotten, or if no key opens it."""
    if submission.number is None:
        return None
    try:
        return encryption.decrypt(submission.number).decode()
    except encryption.UnreadableError as error:
        log.error("citizenship number cannot be decrypted", submission_id=str(submission.id), error=str(error))
        return None
