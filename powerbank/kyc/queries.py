from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.kyc import encryption
from powerbank.kyc.models import KycDocument, KycRecord, KycSubmission

log = structlog.get_logger(__name__)


def own_latest(user_id: UUID) -> KycSubmission | None:
    found: KycSubmission | None = db.session.scalar(
        select(KycSubmission)
        .join(KycRecord, KycRecord.submission_id == KycSubmission.id)
        .where(KycRecord.user_id == user_id)
    )
    return found


def submission(submission_id: UUID) -> KycSubmission:
    found = db.session.get(KycSubmission, submission_id)
    if found is None:
        raise NotFoundError("submission")
    return found


def queue(*, status: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Each person's present submission, oldest first."""
    query = select(KycRecord).options(joinedload(KycRecord.submission).joinedload(KycSubmission.user))
    if status is not None:
        query = query.where(KycRecord.status == status)
    found = page(query, KycRecord.submission_id, limit=limit, cursor=cursor)
    return {**found, "items": [record.submission for record in found["items"]]}


def history(user_id: UUID) -> Sequence[KycSubmission]:
    return db.session.scalars(
        select(KycSubmission).where(KycSubmission.user_id == user_id).order_by(KycSubmission.id.desc()).limit(50)
    ).all()


def documents(submission_id: UUID) -> Sequence[KycDocument]:
    return db.session.scalars(select(KycDocument).where(KycDocument.submission_id == submission_id)).all()


def document(document_id: UUID) -> KycDocument:
    found = db.session.get(KycDocument, document_id)
    if found is None:
        raise NotFoundError("document")
    return found


def number_of(submission: KycSubmission) -> str | None:
    if submission.number is None:
        return None
    try:
        return encryption.decrypt(submission.number).decode()
    except encryption.UnreadableError as error:
        log.error("number not readable", submission_id=str(submission.id), error=str(error))
        return None
