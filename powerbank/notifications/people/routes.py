"""Serve a person's notices, and the devices that get them."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_session_id, current_user_id, open_to_all, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import transaction, utcnow
from powerbank.notifications.delivery import browsers, devices
from powerbank.notifications.delivery import queries as notification_queries
from powerbank.notifications.models import Device, Notice
from powerbank.notifications.people import queries, services
from powerbank.notifications.people.schemas import (
    DevicesSchema,
    MarkedSchema,
    NoticeListArguments,
    NoticeMarkSchema,
    NoticeSchema,
    PersonDeviceSchema,
    UnreadSchema,
    WebPushKeySchema,
)

blueprint = Blueprint("Notifications", __name__, url_prefix="/api/notifications", description="What you were told.")
web_push_blueprint = Blueprint("Web Push", __name__, url_prefix="/api/app", description="Pushes to browsers.")
device_blueprint = Blueprint("Devices", __name__, url_prefix="/api/users/me/devices", description="Where pushes go.")


@blueprint.get("")
@user_only
@blueprint.arguments(NoticeListArguments, location="query")
@blueprint.response(200, page_of(NoticeSchema))
def notices(arguments: dict[str, Any]) -> dict[str, Any]:
    """Newest first"""
    return queries.notice_page(current_user_id(), **arguments)


@blueprint.get("/unread-count")
@user_only
@blueprint.response(200, UnreadSchema)
def unread() -> dict[str, int]:
    """How many are unread"""
    return {"unread": queries.count_unread_notices(current_user_id())}


@blueprint.post("/mark-all-read")
@user_only
@blueprint.response(200, MarkedSchema)
def mark_all() -> dict[str, int]:
    """All are read now"""
    with transaction():
        return {"marked": services.mark_all_notices(current_user_id(), now=utcnow())}


@blueprint.route("/<uuid:notice_id>")
class OneNotice(MethodView):
    @user_only
    @blueprint.arguments(NoticeMarkSchema)
    @blueprint.response(200, NoticeSchema)
    def patch(self, body: dict[str, bool], notice_id: UUID) -> Notice:
        """Mark as read or unread"""
        with transaction():
            return services.mark_notice(current_user_id(), notice_id, read=body["read"], now=utcnow())

    @user_only
    @blueprint.response(204)
    def delete(self, notice_id: UUID) -> None:
        """Take it off the list"""
        with transaction():
            services.hide_notice(current_user_id(), notice_id, now=utcnow())


@device_blueprint.route("")
class Devices(MethodView):
    @user_only
    @device_blueprint.response(200, DevicesSchema)
    def get(self) -> dict[str, Any]:
        """The devices that get pushes, the one seen last first"""
        return {"items": notification_queries.devices_of_user(current_user_id()), "next_cursor": None}

    @user_only
    @device_blueprint.arguments(PersonDeviceSchema)
    @device_blueprint.alt_response(200, schema=PersonDeviceSchema, description="Known already")
    @device_blueprint.response(201, PersonDeviceSchema)
    def post(self, body: dict[str, Any]) -> Device | tuple[Device, int]:
        """Register this device; pushes end with the sign-in that registered it"""
        subscription: dict[str, Any] | None = body.pop("subscription", None)
        if subscription is not None:
            browsers.check_subscription(subscription["endpoint"], subscription["keys"])
            body |= {"fcm_token": subscription["endpoint"], "web_push_keys": subscription["keys"]}
        with transaction():
            device, new = devices.register_device(
                user_id=current_user_id(), session_id=current_session_id(), now=utcnow(), **body
            )
        return device if new else (device, 200)


@web_push_blueprint.get("/web-push-key")
@open_to_all
@web_push_blueprint.response(200, WebPushKeySchema)
def web_push_key() -> dict[str, str]:
    """The key with which a page subscribes to pushes"""
    return {"public_key": browsers.public_key()}


@device_blueprint.delete("/<uuid:device_id>")
@user_only
@device_blueprint.response(204)
def remove_device(device_id: UUID) -> None:
    """No more pushes there"""
    with transaction():
        devices.remove_device(current_user_id(), device_id, now=utcnow())
