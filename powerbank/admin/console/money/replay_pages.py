"""The console's page on which staff have all webhooks that match looked into once more."""

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response

from powerbank.admin.console.money.event_list import EVENT_TONES, EVENTS
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.clock import format_time
from powerbank.base.db import utcnow
from powerbank.base.errors import AppError
from powerbank.pages.forms import idempotent_form, load_form
from powerbank.pages.language import translate_refusal
from powerbank.pages.lists import read_filters
from powerbank.payments import queries
from powerbank.payments.review.schemas import EventArguments, EventFilterArguments, ReplaySchema
from powerbank.payments.webhooks import filters, replays
from powerbank.payments.webhooks.filters import EventFilter

blueprint = console_blueprint("console_replays", __name__, url_prefix="/console/money/gateway-replays")

SAMPLE = 5


@blueprint.get("")
def preview() -> str:
    """Show which webhooks are meant and how many they are, before anything is done."""
    page_staff("payments.resolve")
    return _show_preview(request.args)


@blueprint.post("")
def replay() -> Response | str:
    page_staff("payments.resolve")
    try:
        return _accept()
    except AppError as refused:
        flash(translate_refusal(refused.detail), "bad")
        return _show_preview(request.form)


@idempotent_form
def _accept() -> Response:
    staff, form = page_staff("payments.resolve"), request.form
    numbers = {name: int(form[name]) for name in ("count", "per_minute") if form.get(name, "").isdecimal()}
    asked = read_filters(EVENTS.filters, EventArguments, form)
    of_list = dict.fromkeys(asked.given)  # the list writes its filters otherwise than the API, days for instance
    body = load_form(ReplaySchema, **of_list, **numbers, until=form.get("seen_at"))
    wanted = {name: body.pop(name) for name in EventFilterArguments().fields}
    events = _until(wanted["until"] or utcnow(), asked.arguments)
    operation = replays.request_replays(**body, events=events, staff_id=staff.id, now=utcnow())
    return redirect(url_for("console_operations.show", operation_id=operation.id))


def _show_preview(given: Any) -> str:
    asked, now = read_filters(EVENTS.filters, EventArguments, given), utcnow()
    events = _until(now, asked.arguments)
    api_body = {name: value for name, value in vars(events).items() if value is not None}
    return render_template(
        "console/money/replay.html",
        staff=page_staff("payments.resolve"),
        section=MONEY,
        page=EVENTS,
        tones=EVENT_TONES,
        asked=asked,
        seen_at=format_time(now),
        count=filters.count_to_replay(events),
        most=filters.MOST,
        most_per_minute=replays.MOST_PER_MINUTE,
        per_minute=given.get("per_minute") or replays.PER_MINUTE,
        sample=queries.event_page(**asked.arguments, limit=SAMPLE, cursor=None)["items"],
        api_body={
            name: format_time(value) if isinstance(value, datetime) else str(value) for name, value in api_body.items()
        },
    )


def _until(seen_at: datetime, arguments: dict[str, Any]) -> EventFilter:
    """Mean what matches and had come when staff saw how many there are: webhooks come all the time."""
    return EventFilter(**arguments | {"until": min(arguments["until"] or seen_at, seen_at)})
