"""A person shows who they are; staff decide; the person may be forgotten.

Whatever changes here locks the person first, so that two changes of one person follow each other.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select, update

from powerbank.base.database_errors import foreseen
from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.base.errors import AppError, NotFoundError
from powerbank.kyc import citizenship_numbers, encryption, queries
from powerbank.kyc.citizenship_numbers import Number
from powerbank.kyc.errors import AlreadyDecidedError, KycApprovedError, KycPendingError, NumberTakenError
from powerbank.kyc.events import KycApproved, KycRejected
from powerbank.kyc.models import KycDocument, KycRecord, KycSubmission, Side, Status
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.users import services as users
from powerbank.users.models import User

KEEP_REJECTED = timedelta(days=30)


def refuse_unless_open(status: str) -> None:
    """May a person with this status send documents?"""
    if status == Status.PENDING:
        raise KycPendingError
    if status == Status.APPROVED:
        raise KycApprovedError


def submit(*, user_id: UUID, number: Number, pictures: Mapping[Side, bytes], now: datetime) -> KycSubmission:
    """`pictures` have been through the pipeline. They are staged encrypted; a job takes them to the store."""
    session = open_session()
    user = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    if not users.may_sign_in(user):  # deleted or banned while the pictures were read
        raise AppError("account_blocked", 403, "This account is blocked.")
    refuse_unless_open(user.kyc_status)
    submission = KycSubmission(
        id=new_id(), user_id=user_id, number=encryption.encrypt(number.written.encode()), submitted_at=now
    )
    session.add(submission)
    session.flush()
    store = current_app.config["SETTINGS"].document_store
    session.add_all(
        KycDocument(
            submission_id=submission.id,
            side=side,
            store=store,
            key=secrets.token_hex(16),
            staged=encryption.encrypt(picture),
        )
        for side, picture in pictures.items()
    )
    _record(submission, encryption.digest(number.bare))
    user.kyc_status = Status.PENDING
    enqueue(account_jobs.PROCESS_KYC_SUBMISSION, submission_id=str(submission.id))
    return submission


def _record(submission: KycSubmission, digest: bytes) -> None:
    """Two people who race for one number: the database lets one through."""
    session = open_session()
    record = session.get(KycRecord, submission.user_id)
    if record is None:
        record = KycRecord(user_id=submission.user_id)
        session.add(record)
    record.status, record.submission_id, record.number_digest = Status.PENDING, submission.id, digest
    with foreseen({"uq_kyc_records_number_digest": NumberTakenError()}):
        session.flush()


def same_number(invitee_id: UUID, inviter_id: UUID) -> str | None:
    """A rule of referrals: whoever has ever sent the other's number is the same person. A number that was released
    may be sent by somebody else, so what stands in the records now does not suffice."""
    rows = db.session.execute(
        select(KycSubmission.user_id, KycSubmission.number).where(
            KycSubmission.user_id.in_((invitee_id, inviter_id)), KycSubmission.number.is_not(None)
        )
    )
    sent: dict[UUID, set[str]] = {invitee_id: set(), inviter_id: set()}
    for row in rows:
        sent[row.user_id].add(citizenship_numbers.parse(encryption.decrypt(row.number).decode()).bare)
    return "same_kyc_number" if sent[invitee_id] & sent[inviter_id] else None


def approve(*, submission_id: UUID, staff_id: UUID, now: datetime) -> KycSubmission:
    submission = _decide(submission_id, Status.APPROVED, staff_id=staff_id, now=now)
    publish(KycApproved(user_id=submission.user_id, submission_id=submission_id))
    return submission


def reject(*, submission_id: UUID, staff_id: UUID, reason: str, now: datetime) -> KycSubmission:
    """Releases the number: whoever it belongs to may use it. The documents are kept a while, for complaints."""
    submission = _decide(submission_id, Status.REJECTED, staff_id=staff_id, now=now)
    submission.reason = reason
    open_session().execute(
        update(KycDocument).where(KycDocument.submission_id == submission_id).values(delete_after=now + KEEP_REJECTED)
    )
    publish(KycRejected(user_id=submission.user_id, submission_id=submission_id, reason=reason))
    return submission


def _decide(submission_id: UUID, decision: Status, *, staff_id: UUID, now: datetime) -> KycSubmission:
    session = open_session()
    submission = queries.submission(submission_id)
    user = session.get_one(User, submission.user_id, with_for_update=True, populate_existing=True)
    values: dict[str, object] = {"status": decision}
    if decision is Status.REJECTED:
        values["number_digest"] = None
    claimed = session.execute(
        update(KycRecord)
        .where(KycRecord.submission_id == submission_id, KycRecord.status == Status.PENDING)
        .values(values)
        .returning(KycRecord.user_id)
    ).one_or_none()
    if claimed is None:
        raise AlreadyDecidedError
    submission.decision, submission.decided_at, submission.decided_by = decision, now, staff_id
    user.kyc_status = decision
    return submission


def say_farewell(user: User) -> None:
    forget(user_id=user.id, now=utcnow())


def forget(*, user_id: UUID, now: datetime) -> None:
    """Numbers, digest and reasons go at once, and nobody reads the documents from now on; a job takes them out
    of the store. That there were submissions, and when, stays."""
    session = open_session()
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None:
        raise NotFoundError("user")
    submissions = select(KycSubmission.id).where(KycSubmission.user_id == user_id)
    session.execute(delete(KycRecord).where(KycRecord.user_id == user_id))
    session.execute(update(KycSubmission).where(KycSubmission.user_id == user_id).values(number=None, reason=None))
    session.execute(
        update(KycDocument)
        .where(KycDocument.submission_id.in_(submissions), KycDocument.deleted_at.is_(None))
        .values(staged=None, delete_after=now)
    )
    user.kyc_status = "none"
    enqueue(account_jobs.DELETE_DOCUMENTS, user_id=str(user_id))
