"""The jobs of accounts: signing in, joining, the identity check, and what staff do with an account."""

from uuid import UUID

from jobs.notifications import hand_over
from jobs.worker.stepwise import StepwiseRun
from powerbank.admin import services as admin
from powerbank.auth import cleanup
from powerbank.auth.people import otp
from powerbank.base.db import transaction, utcnow
from powerbank.kyc.documents import places as documents
from powerbank.users import lifecycle, referrals


def send_otp(run: StepwiseRun, *, challenge_id: str, delivery_id: str) -> None:
    with transaction():
        message = otp.begin_delivery(UUID(challenge_id), UUID(delivery_id))
    if message is not None:
        hand_over(run, UUID(delivery_id), message)


def prune_sign_ins() -> None:
    cleanup.prune_sign_ins(now=utcnow())


def post_registration(*, user_id: str, referral_code: str | None) -> None:
    lifecycle.complete_registration(UUID(user_id))


def process_referral(*, user_id: str, referral_code: str | None) -> None:
    if referral_code is not None:
        referrals.record_referral(invitee_id=UUID(user_id), code=referral_code, now=utcnow())


def process_kyc_submission(run: StepwiseRun, *, submission_id: str) -> None:
    for document_id in documents.list_staged_documents(UUID(submission_id)):
        run.call(f"put-{document_id}", lambda _key, one=document_id: documents.store_document(one))  # type: ignore[misc]
    with run.finish():
        documents.record_stored(UUID(submission_id), now=utcnow())


def delete_documents(run: StepwiseRun, *, user_id: str) -> None:
    began = utcnow()
    due = documents.list_due_deletions(user_id=UUID(user_id), now=began)
    for document_id in due:
        run.call(f"delete-{document_id}", lambda _key, one=document_id: documents.delete_document(one))  # type: ignore[misc]
    with run.finish():
        documents.record_deleted(due, due_at=began, now=utcnow())


def delete_old_documents() -> None:
    documents.enqueue_due_deletions(now=utcnow())


def admin_user_action(*, user_id: str, status: str) -> None:
    admin.follow_up_status_change(UUID(user_id), status)
