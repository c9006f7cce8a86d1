"""The power banks in a member's hands: where they come from, and where they go."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.db import utcnow
from powerbank.crew.banks import handing_over, queries
from powerbank.crew.banks.schemas import DropSchema, TakeSchema
from powerbank.crew.members import queries as members
from powerbank.crew.pages.access import page_member
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.stations.warehouses import queries as warehouses

blueprint = person_blueprint("crew_banks", __name__, url_prefix="/crew/banks", installable=True)

MOST = 100  # warehouses, and members, to choose from


@blueprint.get("")
def listing() -> str:
    person, member = page_person(), page_member()
    houses = warehouses.list_warehouses(active=True, limit=MOST, cursor=None)["items"]
    others = members.list_members(active=True, limit=MOST, cursor=None)["items"]
    return render_template(
        "crew/banks.html",
        person=person,
        banks=queries.describe_banks_in_hand(member.id),
        openings=queries.list_openings(member.id, most=10),
        warehouses=houses,
        usual=member.warehouse_id or next((each["id"] for each in houses if each["main"]), None),
        others=[each for each in others if each["id"] != member.id],
    )


@blueprint.post("/drop")
@refusals_lead_to("crew_banks.listing")
@idempotent_form
def drop() -> Response:
    member, serials = page_member(), _read_serials()
    body = load_form(DropSchema, serials=serials)
    now, to = utcnow(), body["member_id"]
    if to is not None:
        handing_over.give_to_member(member.id, body["serials"], to_member_id=to, now=now)
    else:
        handing_over.drop_in_warehouse(member.id, body["serials"], warehouse_id=body["warehouse_id"], now=now)
    return _tell(translate("Handed over: {count}.", count=len(serials)))


@blueprint.post("/take")
@refusals_lead_to("crew_banks.listing")
@idempotent_form
def take() -> Response:
    member, serials = page_member(), _read_serials()
    body = load_form(TakeSchema, serials=serials)
    handing_over.take_from_warehouse(member.id, **body, now=utcnow())
    return _tell(translate("Taken along: {count}.", count=len(serials)))


def _read_serials() -> list[str]:
    """Read what was chosen, and what was scanned or typed, each once."""
    return list(dict.fromkeys([*request.form.getlist("serial"), *request.form.get("typed", "").split()]))


def _tell(message: str) -> Response:
    flash(message)
    return redirect(url_for("crew_banks.listing"))
