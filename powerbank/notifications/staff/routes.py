"""Serve staff their notices."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.people.schemas import MarkedSchema, NoticeMarkSchema, UnreadSchema
from powerbank.notifications.staff import queries
from powerbank.notifications.staff import services as staff
from powerbank.notifications.staff.schemas import StaffNoticeArguments, StaffNoticeSchema

blueprint = Blueprint("Notices (staff)", __name__, url_prefix="/api/admin/notices", description="What staff were told.")


@blueprint.get("")
@staff_only("notices.read")
@blueprint.arguments(StaffNoticeArguments, location="query")
@blueprint.response(200, page_of(StaffNoticeSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """What concerns your role, newest first"""
    me = current_staff()
    found = queries.notice_page(me.id, me.may, **arguments)
    return found | {"items": staff.show_notices(found["items"], staff_id=me.id, language=wanted_language())}


@blueprint.get("/unread-count")
@staff_only("notices.read")
@blueprint.response(200, UnreadSchema)
def unread() -> dict[str, int]:
    """How many of them you have not read"""
    return {"unread": queries.count_unread_notices(current_staff().id, current_staff().may)}


@blueprint.post("/mark-all-read")
@staff_only("notices.read")
@blueprint.response(200, MarkedSchema)
def mark_all() -> dict[str, int]:
    """You have read them all"""
    with transaction():
        return {"marked": staff.mark_all_notices(current_staff().id, current_staff().may, now=utcnow())}


@blueprint.route("/<uuid:notice_id>")
class OneStaffNotice(MethodView):
    @staff_only("notices.read")
    @blueprint.arguments(NoticeMarkSchema)
    @blueprint.response(200, StaffNoticeSchema)
    def patch(self, body: dict[str, bool], notice_id: UUID) -> dict[str, Any]:
        """Mark as read or unread, for yourself"""
        me = current_staff()
        with transaction():
            notice = staff.mark_notice(me.id, me.may, notice_id, read=body["read"], now=utcnow())
        return staff.show_notices([notice], staff_id=me.id, language=wanted_language())[0]
