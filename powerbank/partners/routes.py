"""A partner's own stations, earnings, agreements and members. Nothing here tells of those who rent."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.clock import local_day
from powerbank.base.db import transaction, utcnow
from powerbank.partners import queries, services, station_queries
from powerbank.partners.agreements import pdf
from powerbank.partners.agreements import services as agreement_services
from powerbank.partners.memberships import REPORTS, find_own_partner, find_owned_partner
from powerbank.partners.models import MemberRole
from powerbank.partners.schemas import (
    AgreementPageSchema,
    EarningsSchema,
    InvitationSchema,
    MemberSchema,
    OwnEarningsArguments,
    OwnMembersSchema,
    OwnPageArguments,
    OwnPartnersSchema,
    OwnStationSchema,
    OwnStationWithIssuesSchema,
    PartnerChoiceSchema,
)
from powerbank.stations.issues import photos
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType, StationIssue
from powerbank.stations.issues.schemas import IssueReportSchema, IssueSeenSchema

blueprint = Blueprint("Partners", __name__, url_prefix="/api/partner", description="What a venue's people see.")


@blueprint.get("/me")
@user_only
@blueprint.response(200, OwnPartnersSchema)
def me() -> dict[str, Any]:
    """The partners that this person belongs to"""
    found = queries.memberships_of(current_user_id())
    return {
        "items": [
            {"id": partner.id, "name": partner.name, "kind": partner.kind, "role": member.role}
            for member, partner in found
        ]
    }


@blueprint.get("/stations")
@user_only
@blueprint.arguments(OwnPageArguments, location="query")
@blueprint.response(200, page_of(OwnStationSchema))
def stations(arguments: dict[str, Any]) -> dict[str, Any]:
    """Their stations, with the rentals and the share of today"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return station_queries.station_page(partner.id, today=local_day(utcnow()), **arguments)


@blueprint.get("/stations/<sn>")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, OwnStationWithIssuesSchema)
def station(arguments: dict[str, Any], sn: str) -> dict[str, Any]:
    """A station of theirs, with its open issues"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="station")
    return station_queries.find_station(partner.id, sn, today=local_day(utcnow()))


@blueprint.post("/stations/<sn>/report-issue")
@user_only
@uploads.takes_a_photo
@blueprint.arguments(IssueReportSchema, location="json_or_form")
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(201, IssueSeenSchema)
def report(body: dict[str, Any], arguments: dict[str, Any], sn: str) -> StationIssue:
    """Something is wrong with a station of theirs. Staff see that its venue says so"""
    hit_if_counted(REPORTS, "venue-issue", str(current_user_id()))
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="station")
    station_queries.find_station(partner.id, sn, today=local_day(utcnow()))
    photo = photos.remake_photo(body["photo"])
    with transaction():
        return issues.report_issue(
            user_id=current_user_id(),
            sn=sn,
            issue_type=IssueType(body["issue_type"]),
            description=body["description"],
            photo=photo,
            partner_id=partner.id,
            now=utcnow(),
        )


@blueprint.get("/earnings")
@user_only
@blueprint.arguments(OwnEarningsArguments, location="query")
@blueprint.response(200, EarningsSchema)
def earnings(arguments: dict[str, Any]) -> dict[str, Any]:
    """What they earned, as accrued"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return queries.earnings(partner.id, **arguments, today=local_day(utcnow()))


@blueprint.get("/agreements")
@user_only
@blueprint.arguments(OwnPageArguments, location="query")
@blueprint.response(200, AgreementPageSchema)
def agreements(arguments: dict[str, Any]) -> dict[str, Any]:
    """Their agreements, newest first"""
    partner = find_own_partner(current_user_id(), arguments.pop("partner_id"))
    return queries.agreement_page(partner.id, **arguments)


@blueprint.get("/agreements/<uuid:agreement_id>/terms.pdf")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
def agreement_terms(arguments: dict[str, Any], agreement_id: UUID) -> Response:
    """The terms of an agreement of theirs as a paper"""
    partner = find_own_partner(current_user_id(), arguments["partner_id"], of="agreement")
    agreement = agreement_services.find_agreement(partner.id, agreement_id)
    return pdf.answer_pdf(agreement, *agreement_services.find_parties(agreement))


@blueprint.route("/members")
class Members(MethodView):
    @user_only
    @blueprint.arguments(PartnerChoiceSchema, location="query")
    @blueprint.response(200, OwnMembersSchema)
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Those who belong to the partner, and who is invited"""
        return {"items": queries.list_members(find_own_partner(current_user_id(), arguments["partner_id"]).id)}

    @user_only
    @blueprint.arguments(InvitationSchema)
    @blueprint.arguments(PartnerChoiceSchema, location="query")
    @blueprint.response(201, MemberSchema)
    def post(self, body: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        """Invite somebody by phone or e-mail; owners may"""
        partner = find_owned_partner(current_user_id(), arguments["partner_id"])
        with transaction():
            member = services.add_member(
                partner.id,
                address=body.get("phone") or body["email"],
                role=MemberRole(body["role"]),
                by=f"user:{current_user_id()}",
            )
            return queries.show_member(member)


@blueprint.delete("/members/<uuid:member_id>")
@user_only
@blueprint.arguments(PartnerChoiceSchema, location="query")
@blueprint.response(204)
def remove_member(arguments: dict[str, Any], member_id: UUID) -> None:
    """End a membership at once; owners may"""
    partner = find_owned_partner(current_user_id(), arguments["partner_id"], of="member")
    with transaction():
        services.remove_member(partner.id, member_id, keep_an_owner=True)
