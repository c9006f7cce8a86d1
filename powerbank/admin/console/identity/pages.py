"""The console's pages of identity checks: the queue, and one check at a time, worked by keyboard."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console import tones
from powerbank.admin.console.columns import member
from powerbank.admin.console.sections import PEOPLE
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import transaction, utcnow
from powerbank.kyc import queries, services
from powerbank.kyc.documents import links
from powerbank.kyc.models import KycStatus, KycSubmission
from powerbank.kyc.schemas import QueueArguments, RejectionSchema
from powerbank.kyc.staff import claims, doubles, rejection_reasons
from powerbank.pages import lists
from powerbank.pages.forms import refusals_lead_to
from powerbank.pages.language import page_language, translate
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_identity", __name__, url_prefix="/console/identity")

DECIDED = {"approved": "{person}: approved.", "rejected": "{person}: rejected."}

CHECKS = ListPage(
    "Identity checks",
    PEOPLE,
    columns=(
        lists.words("Person", "user.username"),
        lists.badge("State", "status", tones.IDENTITY),
        lists.moment("Sent", "submitted_at"),
        lists.moment("Decided", "decided_at"),
        member("Decided by", "decided_by"),
    ),
    filters=(lists.choice("State", "status", [*KycStatus]),),
    empty=("Nobody waits.", "Documents that people send stand here, those first that wait longest."),
    api="/api/admin/kyc",
    opens=lambda submission: url_for("console_identity.one", submission_id=submission.id),
    template="console/identity/list.html",
    file="identity_checks",
)


@blueprint.get("")
def listing() -> str | AnyResponse | Response:
    staff = page_staff("kyc.read")
    if "status" not in request.args:  # what waits is why one comes here
        return redirect(url_for("console_identity.listing", status=KycStatus.PENDING.value))
    now = utcnow()
    return show_list(
        CHECKS,
        queries.list_submissions,
        QueueArguments,
        staff=staff,
        backlog=queries.read_backlog(),
        claims=claims.list_claims(now=now),
        may_decide=staff.may("kyc.decide"),
    )


@blueprint.post("/next")
def take_next() -> AnyResponse:
    """Claim the check that has waited longest; with `after`, the one that follows it."""
    staff = page_staff("kyc.decide")
    after = request.form.get("after", type=UUID)
    with transaction():
        found = claims.claim_next(staff_id=staff.id, now=utcnow(), after=after)
    return _lead_to(found.id if found else None)


@blueprint.get("/<uuid:submission_id>")
def one(submission_id: UUID) -> str:
    staff = page_staff("kyc.read")
    now = utcnow()
    submission = queries.get_submission(submission_id)
    theirs = submission.user.language
    claim = claims.find_claim(submission_id, now=now)
    documents = sorted(queries.list_documents(submission_id), key=lambda each: each.side, reverse=True)
    return render_template(
        "console/identity/one.html",
        staff=staff,
        submission=submission,
        person=submission.user,
        number=queries.decrypt_number(submission),
        pictures=[(each.side, links.create_path(each.id, staff)) for each in documents if each.may_be_read(now)],
        doubles=doubles.find_likely_doubles(submission.user),
        history=[each for each in queries.list_submissions_of_user(submission.user_id) if each.id != submission.id],
        claim=claim,
        tones=tones.IDENTITY,
        may_decide=staff.may("kyc.decide") and submission.status == KycStatus.PENDING,
        mine=claim is not None and claim.staff_id == staff.id,
        reasons=[
            (rejection_reasons.in_language(each, page_language()), rejection_reasons.in_language(each, theirs))
            for each in rejection_reasons.REASONS
        ],
    )


@blueprint.post("/<uuid:submission_id>/claim")
@refusals_lead_to("console_identity.one")
def take(submission_id: UUID) -> AnyResponse:
    staff = page_staff("kyc.decide")
    with transaction():
        claims.claim_submission(submission_id, staff_id=staff.id, now=utcnow())
    return _lead_to(submission_id)


@blueprint.post("/<uuid:submission_id>/release")
def give_back(submission_id: UUID) -> AnyResponse:
    staff = page_staff("kyc.decide")
    with transaction():
        claims.release_claim(submission_id, staff_id=staff.id)
    return _lead_to(None)


@blueprint.post("/<uuid:submission_id>/approve")
@refusals_lead_to("console_identity.one")
def approve(submission_id: UUID) -> AnyResponse:
    staff = page_staff("kyc.decide")
    with transaction():
        submission = services.approve_submission(submission_id=submission_id, staff_id=staff.id, now=utcnow())
        following = claims.claim_next(staff_id=staff.id, now=utcnow())
    return _after(submission, following)


@blueprint.post("/<uuid:submission_id>/reject")
@refusals_lead_to("console_identity.one")
def reject(submission_id: UUID) -> AnyResponse:
    staff = page_staff("kyc.decide")
    try:
        body = RejectionSchema().load({"reason": request.form.get("other", "").strip() or request.form.get("reason")})
    except ValidationError:
        flash(translate("Choose a reason, or write one."), "bad")
        return _lead_to(submission_id)
    with transaction():
        submission = services.reject_submission(
            submission_id=submission_id, staff_id=staff.id, reason=body["reason"], now=utcnow()
        )
        following = claims.claim_next(staff_id=staff.id, now=utcnow())
    return _after(submission, following)


def _after(submission: KycSubmission, following: KycSubmission | None) -> AnyResponse:
    flash(translate(DECIDED[submission.status], person=submission.user.username))
    return _lead_to(following.id if following else None)


def _lead_to(submission_id: UUID | None) -> AnyResponse:
    if submission_id is None:
        return redirect(url_for("console_identity.listing"))
    return redirect(url_for("console_identity.one", submission_id=submission_id))
