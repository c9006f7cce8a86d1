"""The partner's pages of what happens: today, earnings, and stations with their issues."""

from datetime import timedelta

from flask import Response, flash, jsonify, redirect, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.api.paging import find_page
from powerbank.api.rate_limits import hit_if_counted
from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.partners import queries, station_queries
from powerbank.partners.memberships import REPORTS
from powerbank.partners.plots import plot_earnings
from powerbank.partners.schemas import PartnerChoiceSchema
from powerbank.payouts import queries as payouts
from powerbank.payouts.pages.session import choose_partner, own_partner, show
from powerbank.payouts.states import PayeeKind
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.issues.schemas import IssueReportSchema

blueprint = person_blueprint("partner", __name__, url_prefix="/partner")

PERIODS = (7, 30, 90)  # days
SHOWN = 50
NEWEST = 5


@blueprint.get("/")
def today() -> str:
    partner, day = own_partner(), local_day(utcnow())
    month = queries.earnings(partner.id, from_=day.replace(day=1), to=day, group="day", today=day)
    found = payouts.list_payouts(payee_kind=PayeeKind.PARTNER, payee_id=partner.id, limit=NEWEST, cursor=None)
    return show(
        "today.html",
        day=next((item for item in month["items"] if item["day"] == day), None),
        month=month,
        stations=station_queries.station_page(partner.id, today=day, limit=SHOWN, cursor=None)["items"],
        payouts=found["items"],
    )


@blueprint.post("/choose")
def choose() -> AnyResponse:
    choose_partner(load_form(PartnerChoiceSchema)["partner_id"])
    return redirect(url_for("partner.today"))


@blueprint.get("/earnings")
def earnings() -> str:
    partner, day, days = own_partner(), local_day(utcnow()), _read_period()
    first = day - timedelta(days=days - 1)
    return show(
        "earnings.html",
        days=days,
        periods=PERIODS,
        found=queries.earnings(partner.id, from_=first, to=day, group="station", today=day),
    )


@blueprint.get("/earnings.json")
def plot() -> Response:
    partner, day = own_partner(), local_day(utcnow())
    first = day - timedelta(days=_read_period() - 1)
    found = queries.earnings(partner.id, from_=first, to=day, group="day", today=day)
    return jsonify(plot_earnings(found, {"gross": translate("Taken"), "share": translate("Your share")}))


@blueprint.get("/stations")
def stations() -> str:
    partner, day = own_partner(), local_day(utcnow())
    found = find_page(
        lambda cursor: station_queries.station_page(partner.id, today=day, limit=SHOWN, cursor=cursor),
        request.args.get("cursor") or None,
    )
    return show("stations.html", stations=found["items"], next_cursor=found["next_cursor"])


@blueprint.get("/stations/<sn>")
def station(sn: str) -> str:
    found = station_queries.find_station(own_partner().id, sn, today=local_day(utcnow()))
    return show("station.html", station=found, issue_types=[*IssueType])


@blueprint.post("/stations/<sn>/report")
@refusals_lead_to("partner.station")
@idempotent_form
def report(sn: str) -> AnyResponse:
    """Something is wrong with a station of theirs. Staff see that its venue says so."""
    person, partner = page_person(), own_partner()
    hit_if_counted(REPORTS, "venue-issue", str(person.id))
    station_queries.find_station(partner.id, sn, today=local_day(utcnow()))
    body = load_form(IssueReportSchema)
    issues.report_issue(
        user_id=person.id,
        sn=sn,
        issue_type=IssueType(body["issue_type"]),
        description=body["description"],
        photo=None,
        partner_id=partner.id,
        now=utcnow(),
    )
    flash(translate("Thank you. We are looking into it."))
    return redirect(url_for("partner.station", sn=sn))


def _read_period() -> int:
    asked = request.args.get("days", type=int)
    return asked if asked in PERIODS else PERIODS[1]
