"""Staff look at what was sent, and decide."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.kyc import document_links, queries, services
from powerbank.kyc.errors import DocumentsDeletedError
from powerbank.kyc.models import KycSubmission, Status
from powerbank.kyc.schemas import (
    LinksSchema,
    QueueArguments,
    QueuedSubmissionSchema,
    RejectionSchema,
    SubmissionDetailSchema,
)

blueprint = Blueprint("KYC (staff)", __name__, url_prefix="/api/admin/kyc", description="Who people are.")


@blueprint.get("")
@staff_only("kyc.read")
@blueprint.arguments(QueueArguments, location="query")
@blueprint.response(200, page_of(QueuedSubmissionSchema))
def queue(arguments: dict[str, Any]) -> dict[str, Any]:
    """Each person's present submission, oldest first"""
    return queries.queue(**arguments)


@blueprint.get("/<uuid:submission_id>")
@staff_only("kyc.read")
@blueprint.response(200, SubmissionDetailSchema)
def detail(submission_id: UUID) -> KycSubmission:
    """One submission, and all that this person has sent"""
    return queries.submission(submission_id)


@blueprint.post("/<uuid:submission_id>/links")
@staff_only("kyc.read")
@blueprint.response(200, LinksSchema)
def create_document_links(submission_id: UUID) -> dict[str, Any]:
    """Addresses of both pictures, yours for five minutes; each view is recorded"""
    queries.submission(submission_id)
    now = utcnow()
    documents = queries.documents(submission_id)
    if not documents or not all(document.may_be_read(now) for document in documents):
        raise DocumentsDeletedError
    expires_at = now + timedelta(seconds=document_links.VALID_SECONDS)
    staff = cast(SignedInStaff, current_staff())
    return {
        document.side: {"url": document_links.make(document.id, staff), "expires_at": expires_at}
        for document in documents
    }


@blueprint.post("/<uuid:submission_id>/approve")
@staff_only("kyc.decide")
@blueprint.response(200, SubmissionDetailSchema)
def approve(submission_id: UUID) -> KycSubmission:
    """Confirm that this person is who they say"""
    staff_id = current_staff().id
    with transaction():
        submission = services.approve(submission_id=submission_id, staff_id=staff_id, now=utcnow())
        _audit(submission)
    return submission


@blueprint.post("/<uuid:submission_id>/reject")
@staff_only("kyc.decide")
@blueprint.arguments(RejectionSchema)
@blueprint.response(200, SubmissionDetailSchema)
def reject(body: dict[str, str], submission_id: UUID) -> KycSubmission:
    """Refuse a submission; the person reads the reason and may send another"""
    staff_id = current_staff().id
    with transaction():
        submission = services.reject(
            submission_id=submission_id, staff_id=staff_id, reason=body["reason"], now=utcnow()
        )
        _audit(submission)
    return submission


def _audit(submission: KycSubmission) -> None:
    """The reason is not in it: it is free text, may repeat what the document says, and could not be forgotten."""
    new = {"status": submission.decision}
    audit.by_staff(f"kyc.{submission.decision}", "kyc", submission.id, old={"status": Status.PENDING}, new=new)
