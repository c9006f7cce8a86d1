"""What a member has earned, day by day, and what was paid out."""

from flask import render_template, request

from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.crew.earnings import queries
from powerbank.crew.pages.access import page_member
from powerbank.crew.shifts import queries as shifts
from powerbank.payouts import queries as payouts
from powerbank.payouts.states import PayeeKind

blueprint = person_blueprint("crew_money", __name__, url_prefix="/crew/money", installable=True)

SHOWN = 30


@blueprint.get("")
def show() -> str:
    person, member, now = page_person(), page_member(), utcnow()
    cursor = request.args.get("cursor")
    return render_template(
        "crew/money.html",
        person=person,
        earned=queries.list_earnings(member.id, begin=None, end=None, today=local_day(now), limit=SHOWN, cursor=cursor),
        shifts=shifts.list_shifts(member.id, now=now, limit=10, cursor=None)["items"],
        payouts=payouts.payout_page(payee_kind=PayeeKind.CREW, payee_id=member.id, limit=10, cursor=None)["items"],
        now=now,
    )
