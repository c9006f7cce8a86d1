"""Serve staff submissions with their documents, and take decisions on them."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from flask import Response

from powerbank.api.auth import current_staff, staff_named_by_token, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.kyc import queries, services
from powerbank.kyc.documents import links
from powerbank.kyc.documents import places as kyc_documents
from powerbank.kyc.models import KycSubmission
from powerbank.kyc.schemas import (
    ClaimedSchema,
    ClaimSchema,
    DocumentTokenSchema,
    LinksSchema,
    QueueArguments,
    QueuedSubmissionSchema,
    RejectionSchema,
    SubmissionDetailSchema,
)
from powerbank.kyc.staff import claims

blueprint = Blueprint("KYC (staff)", __name__, url_prefix="/api/admin/kyc", description="Who people are.")
document_blueprint = Blueprint(
    "Documents", __name__, url_prefix="/media", description="Pictures behind links that expire."
)


@blueprint.get("")
@staff_only("kyc.read")
@blueprint.arguments(QueueArguments, location="query")
@blueprint.response(200, page_of(QueuedSubmissionSchema))
def queue(arguments: dict[str, Any]) -> dict[str, Any]:
    """Each person's present submission, oldest first"""
    return queries.list_submissions(**arguments)


@blueprint.post("/claim")
@staff_only("kyc.decide")
@blueprint.arguments(ClaimSchema)
@blueprint.response(200, ClaimedSchema)
def claim_next(body: dict[str, Any]) -> dict[str, Any]:
    """The check that has waited longest and that nobody else looks at: yours for five minutes, or until you decide"""
    now = utcnow()
    with transaction():
        submission = claims.claim_next(staff_id=current_staff().id, now=now, after=body["after"])
    return {"submission": submission, "claimed_until": now + claims.CLAIM_LASTS if submission else None}


@blueprint.post("/<uuid:submission_id>/claim")
@staff_only("kyc.decide")
@blueprint.response(200, ClaimedSchema)
def claim(submission_id: UUID) -> dict[str, Any]:
    """This check is yours for five minutes"""
    now = utcnow()
    with transaction():
        submission = claims.claim_submission(submission_id, staff_id=current_staff().id, now=now)
    return {"submission": submission, "claimed_until": now + claims.CLAIM_LASTS}


@blueprint.post("/<uuid:submission_id>/release")
@staff_only("kyc.decide")
@blueprint.response(204)
def release(submission_id: UUID) -> None:
    """Give a check back that you do not want to decide"""
    with transaction():
        claims.release_claim(submission_id, staff_id=current_staff().id)


@blueprint.get("/<uuid:submission_id>")
@staff_only("kyc.read")
@blueprint.response(200, SubmissionDetailSchema)
def detail(submission_id: UUID) -> KycSubmission:
    """One submission, and all that this person has sent"""
    return queries.get_submission(submission_id)


@blueprint.post("/<uuid:submission_id>/links")
@staff_only("kyc.read")
@blueprint.response(200, LinksSchema)
def create_document_links(submission_id: UUID) -> dict[str, Any]:
    """Addresses of both pictures, yours for five minutes; each view is recorded"""
    now, staff = utcnow(), cast(SignedInStaff, current_staff())
    expires_at = now + timedelta(seconds=links.VALID_SECONDS)
    return {
        document.side: {"url": links.create_link(document.id, staff), "expires_at": expires_at}
        for document in queries.list_readable_documents(submission_id, now=now)
    }


@blueprint.post("/<uuid:submission_id>/approve")
@staff_only("kyc.decide")
@blueprint.response(200, SubmissionDetailSchema)
def approve(submission_id: UUID) -> KycSubmission:
    """Confirm that this person is who they say"""
    staff_id = current_staff().id
    with transaction():
        return services.approve_submission(submission_id=submission_id, staff_id=staff_id, now=utcnow())


@blueprint.post("/<uuid:submission_id>/reject")
@staff_only("kyc.decide")
@blueprint.arguments(RejectionSchema)
@blueprint.response(200, SubmissionDetailSchema)
def reject(body: dict[str, str], submission_id: UUID) -> KycSubmission:
    """Refuse a submission; the person reads the reason and may send another"""
    staff_id = current_staff().id
    with transaction():
        return services.reject_submission(
            submission_id=submission_id, staff_id=staff_id, reason=body["reason"], now=utcnow()
        )


@document_blueprint.get("/documents/<uuid:document_id>.jpg")
@document_blueprint.arguments(DocumentTokenSchema, location="query")
@document_blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """A document, by its link; a staff token sent along must be that of who asked for the link"""
    member = links.open_link(document_id, arguments["token"], sent_by=staff_named_by_token())
    with transaction():
        found = queries.get_document(document_id)
        audit.record(
            actor=audit.staff_actor(member.id),
            action="kyc.view_document",
            object_kind="kyc",
            object_id=found.submission_id,
            new={"side": found.side},
        )
    response = Response(kyc_documents.read_document(document_id, now=utcnow()), content_type="image/jpeg")
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Disposition": 'inline; filename="document.jpg"',
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
        }
    )
    return response
