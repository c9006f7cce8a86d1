"""The messages of deliveries: composed anew for each try, so that they say what is true by then."""

from uuid import UUID

from flask import current_app

from powerbank.base.db import open_session
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import Channel, Delivery, Device, Notice
from powerbank.notifications.people import delivery_plan
from powerbank.notifications.people.notice_types import RULES, NoticeType
from powerbank.notifications.staff.models import StaffNotice
from powerbank.notifications.staff.notice_types import RULES as STAFF_RULES
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates import composition
from powerbank.notifications.texts.built_in import Text
from powerbank.users.models import User

# A newer push with the same key takes the place of an older one that a phone has not shown yet.
COLLAPSE_KEYS = {
    NoticeType.RENTAL_ENDING_SOON: "rental",
    NoticeType.RENTAL_OVERDUE: "rental",
    NoticeType.LOW_CREDIT: "credit",
    NoticeType.CRITICAL_CREDIT: "credit",
    NoticeType.DUE_REMINDER: "dues",
}


class UndeliverableError(Exception):
    """There is nobody to deliver to any more. No repeat helps."""


def compose_message(delivery: Delivery) -> Message:
    """Return the message of a delivery as it is now. UndeliverableError where nobody is there to get it."""
    if delivery.staff_id is not None:
        return _compose_staff_message(delivery, delivery.staff_id)
    session = open_session()
    notice = session.get(Notice, delivery.notice_id) if delivery.notice_id else None
    user = session.get(User, delivery.user_id) if delivery.user_id else None
    if notice is None or user is None or user.deleted_at is not None:
        raise UndeliverableError("the account is gone")
    rule = RULES[delivery_plan.subject_of_notice(notice)]
    text = _text_of_notice(notice, delivery.channel, user.language)
    return Message(
        Channel(delivery.channel),
        _find_address(delivery, user),
        text.title,
        text.body,
        str(delivery.id),
        web_push_keys=_find_web_push_keys(delivery),
        language=user.language,
        urgent=rule.urgent,
        lasts=rule.lasts,
        collapse_key=COLLAPSE_KEYS.get(NoticeType(notice.type)),
        data={**notice.data, "notice_id": str(notice.id), "type": notice.type},
    )


def _text_of_notice(notice: Notice, place: str, language: str) -> Text:
    """Return the text of a notice in a place. Of a broadcast the notice itself has the only copy."""
    if "broadcast_id" in notice.context:
        return Text(notice.title or "", notice.body or "")
    return composition.compose_text(NoticeType(notice.type), place, notice.context, language)


def _compose_staff_message(delivery: Delivery, staff_id: UUID) -> Message:
    """Return a message to a member of staff, unless the member has left or changed roles since."""
    notice = open_session().get(StaffNotice, delivery.staff_notice_id) if delivery.staff_notice_id else None
    if notice is None:
        raise UndeliverableError("the notice is gone")
    notice_type = StaffNoticeType(notice.type)
    members = current_app.extensions["staff_directory"](STAFF_RULES[notice_type].permission)
    member = next((member for member in members if member.id == staff_id), None)
    if member is None:
        raise UndeliverableError("not for this member any more")
    channel = Channel(delivery.channel)
    to: str | None = member.email
    if channel is Channel.PUSH:
        to = member.devices.get(delivery.staff_device_id) if delivery.staff_device_id else None
    if to is None:
        raise UndeliverableError("not signed in there any more")
    text = composition.compose_text(notice_type, channel, notice.context, member.language)
    return Message(
        channel,
        to,
        text.title,
        text.body,
        str(delivery.id),
        language=member.language,
        link="/console/notices",
        data={"notice_id": str(notice.id), "type": notice.type},
    )


def _find_web_push_keys(delivery: Delivery) -> dict[str, str] | None:
    """Return the keys of the browser to which a push goes. None where it goes through FCM."""
    if delivery.channel != Channel.PUSH or delivery.device_id is None:
        return None
    return open_session().get_one(Device, delivery.device_id).web_push_keys


def _find_address(delivery: Delivery, user: User) -> str:
    """Return the token, number or address to which a delivery goes now."""
    if delivery.channel == Channel.PUSH:
        device = open_session().get(Device, delivery.device_id) if delivery.device_id else None
        # The person signed out, or the device is somebody else's by now: the message is not for whoever holds it.
        if device is None or device.user_id != delivery.user_id or device.ended_at is not None:
            raise UndeliverableError("the device is gone")
        return device.fcm_token
    address = delivery.address or (user.phone if delivery.channel == Channel.SMS else user.email)
    if address is None:
        raise UndeliverableError("no address any more")
    return address
