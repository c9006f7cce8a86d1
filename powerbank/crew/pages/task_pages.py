"""The tasks that a member may claim or has, and the work on one of them."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from powerbank.api.openapi import note_for_document
from powerbank.auth.pages.session import page_person, person_blueprint
from powerbank.base.db import utcnow
from powerbank.crew.banks import openings
from powerbank.crew.banks.schemas import OpenSlotsSchema
from powerbank.crew.overview import describe_member
from powerbank.crew.pages.access import page_member
from powerbank.crew.pages.readings import describe_task, read_place
from powerbank.crew.tasks import claims, proofs, queries
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.schemas import CompletionSchema
from powerbank.crew.tasks.states import TaskStatus
from powerbank.pages.forms import idempotent_form, load_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.stations.issues import photos

blueprint = person_blueprint("crew_tasks", __name__, url_prefix="/crew/tasks", installable=True)

NEAR = 40


@blueprint.get("")
def listing() -> str:
    person, member, now = page_person(), page_member(), utcnow()
    lat, lng = read_place(request.args)
    near = queries.list_near(member, lat=lat, lng=lng, limit=NEAR, now=now)
    return render_template(
        "crew/tasks.html", person=person, me=describe_member(member, now=now), near=near, place=(lat, lng), now=now
    )


@blueprint.get("/<uuid:task_id>")
def one(task_id: UUID) -> str:
    person, member, now = page_person(), page_member(), utcnow()
    return render_template("crew/task.html", person=person, now=now, **describe_task(member, task_id, now=now))


@blueprint.post("/<uuid:task_id>/claim")
@refusals_lead_to("crew_tasks.listing")
@idempotent_form
def claim(task_id: UUID) -> Response:
    claims.claim_task(page_member().id, task_id, now=utcnow())
    return _back_to(task_id, translate("The task is yours."))


@blueprint.post("/<uuid:task_id>/start")
@refusals_lead_to("crew_tasks.one")
@idempotent_form
def start(task_id: UUID) -> Response:
    claims.begin_task(page_member().id, task_id, now=utcnow())
    return _back_to(task_id, translate("You have begun. The task stays yours until it is done."))


@blueprint.post("/<uuid:task_id>/release")
@refusals_lead_to("crew_tasks.one")
@idempotent_form
def release(task_id: UUID) -> Response:
    claims.release_task(page_member().id, task_id, now=utcnow())
    flash(translate("You have given the task back."))
    return redirect(url_for("crew_tasks.listing"))


@blueprint.post("/<uuid:task_id>/open-slots")
@refusals_lead_to("crew_tasks.one")
@idempotent_form
def open_slots(task_id: UUID) -> Response:
    """Open the slots that were chosen, of the station of a task."""
    member, task = page_member(), queries.find_task(task_id)
    chosen = load_form(OpenSlotsSchema, serials=request.form.getlist("serial"))
    opened = openings.open_slots(member.id, task.station_sn, **chosen, now=utcnow())
    return _back_to(task_id, translate("Slots that are opening: {count}.", count=len(opened)))


@blueprint.post("/<uuid:task_id>/complete")
@refusals_lead_to("crew_tasks.one")
def complete(task_id: UUID) -> Response:
    """Complete a task by hand. The photo is made anew before the transaction, since this takes a while."""
    page_member()
    file = request.files.get("photo")
    content = file.read() if file is not None and file.filename else None
    return _complete(task_id=task_id, photo=photos.remake_photo(content))


note_for_document(complete, idempotent=True)


@idempotent_form
def _complete(task_id: UUID, photo: bytes | None) -> Response:
    scanned = request.form.get("scanned", "").split()
    body: dict[str, Any] = load_form(CompletionSchema, scanned=scanned, **_read_point())
    body["photo"] = photo
    task = proofs.complete_task(page_member().id, task_id, Evidence(**body), now=utcnow())
    done = {
        TaskStatus.TO_VERIFY: translate("Thank you. Somebody looks at it, and then it is paid."),
        TaskStatus.DONE: translate("Done. It is paid."),
    }
    return _back_to(task_id, done.get(TaskStatus(task.status), translate("This task is over.")))


def _read_point() -> dict[str, float]:
    lat, lng = read_place(request.form)
    return {} if lat is None or lng is None else {"lat": lat, "lng": lng}


def _back_to(task_id: UUID, message: str) -> Response:
    flash(message)
    return redirect(url_for("crew_tasks.one", task_id=task_id))
