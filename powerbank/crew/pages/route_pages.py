"""The way through a member's tasks, as a map and as a list."""

from flask import render_template, request

from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.db import utcnow
from powerbank.crew.pages.access import page_member
from powerbank.crew.pages.readings import read_place
from powerbank.crew.routing import services

blueprint = person_blueprint("crew_route", __name__, url_prefix="/crew/route", installable=True)


@blueprint.get("")
def show() -> str:
    person, member = page_person(), page_member()
    lat, lng = read_place(request.args)
    route = services.plan_for_member(member, lat=lat, lng=lng, now=utcnow())
    return render_template("crew/route.html", person=person, route=route, place=(lat, lng))
