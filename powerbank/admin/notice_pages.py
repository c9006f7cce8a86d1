"""The console's page of what staff were told."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug import Response

from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.notifications.staff import queries
from powerbank.notifications.staff import services as notices
from powerbank.pages.language import page_language

blueprint = console_blueprint("console_notices", __name__, url_prefix="/console/notices")

SHOWN = 50


@blueprint.get("")
def listing() -> str:
    me = page_staff("notices.read")
    wanted: dict[str, Any] = {"unread": None, "type": None, "limit": SHOWN}
    try:
        found = queries.notice_page(me.id, me.may, cursor=request.args.get("cursor"), **wanted)
    except AppError:  # The cursor was typed by hand, so the list begins at the newest notice.
        found = queries.notice_page(me.id, me.may, cursor=None, **wanted)
    items = notices.show_notices(found["items"], staff_id=me.id, language=page_language())
    return render_template(
        "console/notices.html",
        staff=me,
        items=items,
        next_cursor=found["next_cursor"],
        unread=queries.count_unread_notices(me.id, me.may),
    )


@blueprint.post("/<uuid:notice_id>/read")
def read(notice_id: UUID) -> Response:
    me = page_staff("notices.read")
    with transaction():
        notices.mark_notice(me.id, me.may, notice_id, read=True, now=utcnow())
    return redirect(url_for("console_notices.listing"))


@blueprint.post("/read-all")
def read_all() -> Response:
    me = page_staff("notices.read")
    with transaction():
        notices.mark_all_notices(me.id, me.may, now=utcnow())
    return redirect(url_for("console_notices.listing"))
