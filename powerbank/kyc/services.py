"""How a person submits identity documents, how staff decide, and how all of it is forgotten.

Every change locks the person first, so that two changes of one person follow each other.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select, update

from powerbank.base import audit
from powerbank.base.database_errors import refusing_on
from powerbank.base.db import db, new_id, open_session, utcnow
from powerbank.base.errors import NotFoundError
from powerbank.kyc import citizenship_numbers, queries
from powerbank.kyc.citizenship_numbers import CitizenshipNumber
from powerbank.kyc.documents import encryption
from powerbank.kyc.errors import KycApprovedError, KycPendingError, NumberTakenError
from powerbank.kyc.events import KycApproved, KycRejected
from powerbank.kyc.models import DocumentSide, KycDocument, KycRecord, KycStatus, KycSubmission
from powerbank.kyc.staff import claims
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.users import services as users
from powerbank.users.errors import AccountBlockedError
from powerbank.users.models import User

KEEP_REJECTED = timedelta(days=30)


def check_may_submit(status: str) -> None:
    """Refuse documents of a person whose check is under way or approved."""
    if status == KycStatus.PENDING:
        raise KycPendingError
    if status == KycStatus.APPROVED:
        raise KycApprovedError


def submit_documents(
    *, user_id: UUID, number: CitizenshipNumber, pictures: Mapping[DocumentSide, bytes], now: datetime
) -> KycSubmission:
    """Submit pictures that have been through the pipeline. They are staged encrypted; a job takes them to the store."""
    session = open_session()
    user = session.get_one(User, user_id, with_for_update=True, populate_existing=True)
    if not users.may_sign_in(user):  # deleted or banned while the pictures were read
        raise AccountBlockedError
    check_may_submit(user.kyc_status)
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
    _update_record(submission, encryption.digest_number(number.bare))
    user.kyc_status = KycStatus.PENDING
    enqueue(account_jobs.PROCESS_KYC_SUBMISSION, submission_id=str(submission.id))
    return submission


def _update_record(submission: KycSubmission, digest: bytes) -> None:
    """Point the person's record at the new submission.

    Of two people who race for a number the database lets one through.
    """
    session = open_session()
    record = session.get(KycRecord, submission.user_id)
    if record is None:
        record = KycRecord(user_id=submission.user_id)
        session.add(record)
    record.status, record.submission_id, record.number_digest = KycStatus.PENDING, submission.id, digest
    with refusing_on({"uq_kyc_records_number_digest": NumberTakenError()}):
        session.flush()


def find_shared_number(invitee_id: UUID, inviter_id: UUID) -> str | None:
    """Say why a referral earns nothing: whoever has ever sent the other's number is the same person.

    A number that was released may be sent by somebody else, so what the records hold now does not suffice.
    """
    rows = db.session.execute(
        select(KycSubmission.user_id, KycSubmission.number).where(
            KycSubmission.user_id.in_((invitee_id, inviter_id)), KycSubmission.number.is_not(None)
        )
    )
    sent: dict[UUID, set[str]] = {invitee_id: set(), inviter_id: set()}
    for row in rows:
        sent[row.user_id].add(
            citizenship_numbers.parse_citizenship_number(encryption.decrypt(row.number).decode()).bare
        )
    return "same_kyc_number" if sent[invitee_id] & sent[inviter_id] else None


def approve_submission(*, submission_id: UUID, staff_id: UUID, now: datetime) -> KycSubmission:
    submission = _decide_submission(submission_id, KycStatus.APPROVED, staff_id=staff_id, now=now)
    publish(KycApproved(user_id=submission.user_id, submission_id=submission_id))
    return submission


def reject_submission(*, submission_id: UUID, staff_id: UUID, reason: str, now: datetime) -> KycSubmission:
    """Reject the submission and release its number, so that its owner may use it.

    The documents are kept for a while, in case the person complains.
    """
    submission = _decide_submission(submission_id, KycStatus.REJECTED, staff_id=staff_id, now=now)
    submission.reason = reason
    open_session().execute(
        update(KycDocument).where(KycDocument.submission_id == submission_id).values(delete_after=now + KEEP_REJECTED)
    )
    publish(KycRejected(user_id=submission.user_id, submission_id=submission_id, reason=reason))
    return submission


def _decide_submission(submission_id: UUID, decision: KycStatus, *, staff_id: UUID, now: datetime) -> KycSubmission:
    session = open_session()
    submission = queries.get_submission(submission_id)
    user = session.get_one(User, submission.user_id, with_for_update=True, populate_existing=True)
    values: dict[str, object] = {"status": decision, "claimed_by": None, "claimed_until": None}
    if decision is KycStatus.REJECTED:
        values["number_digest"] = None
    decided = session.execute(
        update(KycRecord)
        .where(
            KycRecord.submission_id == submission_id,
            KycRecord.status == KycStatus.PENDING,
            claims.is_free_for(staff_id, now),
        )
        .values(values)
        .returning(KycRecord.user_id)
    ).one_or_none()
    if decided is None:
        raise claims.refusal_of(submission_id)
    submission.decision, submission.decided_at, submission.decided_by = decision, now, staff_id
    user.kyc_status = decision
    _record_decision(submission)
    return submission


def _record_decision(submission: KycSubmission) -> None:
    """Record the decision in the audit log without its reason: that is free text, may repeat what the document says,
    and could not be forgotten."""
    audit.record(
        actor=audit.staff_actor(submission.decided_by),
        action=f"kyc.{submission.decision}",
        object_kind="kyc",
        object_id=submission.id,
        old={"status": KycStatus.PENDING},
        new={"status": submission.decision},
    )


def forget_leaving_user(user: User) -> None:
    """Forget what a person has shown, as one of the steps that end an account."""
    forget_identity(user_id=user.id, now=utcnow())


def forget_identity(*, user_id: UUID, now: datetime) -> None:
    """Forget what a person has shown, and keep only that there were submissions, and when.

    Numbers, digest and reasons go at once. Nobody reads the documents from now on, and a job deletes them from the
    store.
    """
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
