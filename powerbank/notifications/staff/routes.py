"""Staff: what they were told."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.fields import Boolean, Time
from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.models import IN_APP
from powerbank.notifications.people.schemas import MarkedSchema, NoticeMarkSchema, UnreadSchema
from powerbank.notifications.staff import queries
from powerbank.notifications.staff import services as staff
from powerbank.notifications.staff.models import StaffNotice
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates import composition

blueprint = Blueprint("Notices (staff)", __name__, url_prefix="/api/admin/notices", description="What staff were told.")


class StaffNoticeArguments(PageArguments):
    unread = Boolean(load_default=None, allow_none=True)
    type = fields.String(load_default=None, validate=validate.OneOf([type.value for type in StaffNoticeType]))


class StaffNoticeSchema(Schema):
    id = fields.UUID(required=True)
    type = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True)
    data = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    read_at = Time(required=True, allow_none=True)
    created_at = Time(required=True)


@blueprint.get("")
@staff_only("notices.read")
@blueprint.arguments(StaffNoticeArguments, location="query")
@blueprint.response(200, page_of(StaffNoticeSchema))
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """What concerns your role, newest first"""
    me = current_staff()
    query = queries.notices_of_member(me.id, me.may, unread=arguments.pop("unread"), type=arguments.pop("type"))
    found = page(query, StaffNotice.id, descending=True, **arguments)
    return found | {"items": shown(found["items"])}


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
        return shown([notice])[0]


def shown(notices: list[StaffNotice]) -> list[dict[str, Any]]:
    language = wanted_language()
    read = queries.reading_times(current_staff().id, [notice.id for notice in notices])
    words_of = composition.compose_texts(
        IN_APP, language, [(StaffNoticeType(notice.type), notice.context) for notice in notices]
    )
    items = []
    for notice, words in zip(notices, words_of, strict=True):
        items.append(
            {
                "id": notice.id,
                "type": notice.type,
                "title": words.title,
                "body": words.body,
                "data": {name: str(value) for name, value in notice.context.items() if value is not None},
                "read_at": read.get(notice.id),
                "created_at": notice.created_at,
            }
        )
    return items
