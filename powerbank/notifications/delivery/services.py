"""What becomes of each message on each channel: written down, composed afresh for each try, settled once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from powerbank.base.db import open_session, utcnow
from powerbank.notifications.delivery import channels, devices
from powerbank.notifications.delivery.addresses import masked
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import IN_APP, Channel, Delivery, DeliveryStatus, Device, Notice
from powerbank.notifications.people import quiet_hours, readers, routing
from powerbank.notifications.people.kinds import RULES, Type
from powerbank.notifications.people.readers import Reader
from powerbank.notifications.people.routing import Route
from powerbank.notifications.people.services import notify
from powerbank.notifications.staff import devices as staff_devices
from powerbank.notifications.staff.kinds import RULES as STAFF_RULES
from powerbank.notifications.staff.kinds import StaffType
from powerbank.notifications.staff.models import StaffNotice
from powerbank.notifications.templates import composing
from powerbank.notifications.texts.wording import Words
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import Cause, OutboxJob
from powerbank.outbox.policy import JobSpec
from powerbank.users.models import IdentifierKind, User

SENDERS: dict[Channel, JobSpec] = {
    Channel.PUSH: notification_jobs.SEND_PUSH,
    Channel.SMS: notification_jobs.SEND_SMS,
    Channel.EMAIL: notification_jobs.SEND_EMAIL,
}
COLLAPSE = {
    Type.RENTAL_ENDING_SOON: "rental",
    Type.RENTAL_OVERDUE: "rental",
    Type.LOW_CREDIT: "credit",
    Type.CRITICAL_CREDIT: "credit",
    Type.DUE_REMINDER: "dues",
}


class UndeliverableError(Exception):
    """There is nobody to deliver to any more. That is nobody's fault, and no repeat helps."""


def create(notice_id: UUID) -> None:
    """Of a notice that waits for its words. Where services asked for more places, it goes to those too."""
    session = open_session()
    notice = session.get(Notice, notice_id, with_for_update=True, populate_existing=True)
    if notice is not None and notice.shown_at is None:
        asked_for = select(Delivery).where(Delivery.notice_id == notice_id, Delivery.job_id.is_(None))
        tell(notice, also=session.scalars(asked_for).all())


def tell(notice: Notice, *, also: Sequence[Delivery] = ()) -> None:
    """Puts a notice into words, shows it in the app, and sends it on its channels."""
    reader = readers.of(notice.user_id, routing.subject(notice))
    if reader is None:
        open_session().delete(notice)
        return
    now = utcnow()
    route = routing.route(notice, reader, now=now)
    words = composing.words(Type(notice.type), IN_APP, notice.context, reader.language)
    notice.title, notice.body, notice.shown_at = words.title, words.body, now
    if not route.in_app:
        notice.deleted_at = now
    wanted = _wanted(notice, reader, route)
    digest_at = routing.digest_time(notice, now=now, night_ends=route.night_ends) if wanted else None
    if digest_at is not None:
        notice.withheld_at = now
        enqueue(notification_jobs.SEND_DIGEST, at=digest_at, user_id=str(reader.user_id), kind=notice.type)
        wanted = []
    _send([*also, *wanted], route)


def digest(user_id: UUID, kind: Type) -> None:
    """Tells on the channels of what was one too many: all of it at once, less what has been read meanwhile."""
    held = list(
        open_session().scalars(
            select(Notice)
            .where(Notice.user_id == user_id, Notice.type == kind.value, Notice.withheld_at.is_not(None))
            .order_by(Notice.id)
            .with_for_update()
        )
    )
    for notice in held:
        notice.withheld_at = None
    news = [notice for notice in held if notice.read_at is None]
    if not news:
        return
    newest = news[-1]
    if len(news) == 1:
        reader = readers.of(user_id, kind)
        if reader is not None:
            route = routing.route(newest, reader, now=utcnow())
            _send(_wanted(newest, reader, route), route)
        return
    context = {"of": kind.value, "about": newest.title, "count": len(news) - 1}
    notify(user_id=user_id, type=Type.DIGEST, context=context, dedup_key=f"digest:{newest.id}")


def _send(wanted: Sequence[Delivery], route: Route) -> None:
    for delivery in wanted:
        open_session().add(delivery)
        open_session().flush()
        channel = Channel(delivery.channel)
        dispatch(delivery, at=routing.release_time(delivery.id, channel, route.night_ends))


def dispatch(delivery: Delivery, *, at: datetime | None = None) -> None:
    """Hands a delivery to its job, or says at once that this network has no such channel."""
    channel = Channel(delivery.channel)
    if not channels.configured(channel):
        _finish(delivery, DeliveryStatus.FAILED, "not configured")
        return
    open_session().flush()
    delivery.job_id = enqueue(SENDERS[channel], at=at, delivery_id=str(delivery.id))


def begin(delivery_id: UUID) -> Message | None:
    """One more try: the message as it is now, or None when it was sent already."""
    delivery = count_try(delivery_id)
    if delivery is None or _waits_for_the_morning(delivery):
        return None
    return _compose(delivery)


def _waits_for_the_morning(delivery: Delivery) -> bool:
    """It has become night since, or the night was made longer: planned anew for its end."""
    notice = open_session().get(Notice, delivery.notice_id) if delivery.notice_id else None
    if notice is None or RULES[routing.subject(notice)].urgent:
        return False
    at = routing.release_time(delivery.id, Channel(delivery.channel), quiet_hours.until(utcnow()))
    if at is None:
        return False
    delivery.attempts -= 1
    dispatch(delivery, at=at)
    return True


def count_try(delivery_id: UUID) -> Delivery | None:
    """One that had failed is open again: staff asked for it."""
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED):
        return None
    delivery.attempts += 1
    delivery.status, delivery.finished_at = DeliveryStatus.QUEUED, None
    return delivery


def note_sent(delivery_id: UUID, reference: str | None) -> None:
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is not None:
        delivery.reference = reference
        if delivery.status != DeliveryStatus.DELIVERED:  # a code may be back before its vendor has answered
            _finish(delivery, DeliveryStatus.SENT, None)


def note_arrival(delivery_id: UUID) -> None:
    """It is known to have arrived, whatever its vendor says of it."""
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is not None:
        _finish(delivery, DeliveryStatus.DELIVERED, None)


def note_failure(delivery_id: UUID, reason: str, *, final: bool) -> None:
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.status == DeliveryStatus.DELIVERED:
        return
    if final:
        _finish(delivery, DeliveryStatus.FAILED, reason)
    else:
        delivery.reason = reason


def note_dead_token(delivery_id: UUID, token: str, reason: str) -> None:
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is not None:
        if delivery.device_id is not None:
            devices.end_unregistered(delivery.device_id, token, now=utcnow())
        if delivery.staff_device_id is not None:
            staff_devices.forget_token(delivery.staff_device_id, token)
        _finish(delivery, DeliveryStatus.FAILED, reason)


def close(delivery_id: UUID) -> None:
    """Its job has died: out of tries, or too late."""
    delivery = open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None or delivery.status != DeliveryStatus.QUEUED:
        return
    cause = open_session().scalar(select(OutboxJob.cause).where(OutboxJob.id == delivery.job_id))
    status = DeliveryStatus.EXPIRED if cause == Cause.EXPIRED else DeliveryStatus.FAILED
    _finish(delivery, status, delivery.reason or cause)


def _wanted(notice: Notice, reader: Reader, route: Route) -> list[Delivery]:
    """For each of the channels, and each place where the person is reached on it."""
    about = {"notice_id": notice.id, "user_id": reader.user_id, "type": notice.type}
    wanted = [
        Delivery(**about, channel=channel, masked=masked(kind, reader.addresses[kind]), attempts=0)
        for channel, kind in ((Channel.SMS, IdentifierKind.PHONE), (Channel.EMAIL, IdentifierKind.EMAIL))
        if channel in route.channels and kind in reader.addresses
    ]
    if Channel.PUSH in route.channels:
        wanted += [Delivery(**about, channel=Channel.PUSH, device_id=device_id) for device_id in reader.devices]
    return wanted


def _compose(delivery: Delivery) -> Message:
    if delivery.staff_id is not None:
        return _compose_for_staff(delivery, delivery.staff_id)
    session = open_session()
    notice = session.get(Notice, delivery.notice_id) if delivery.notice_id else None
    user = session.get(User, delivery.user_id) if delivery.user_id else None
    if notice is None or user is None or user.deleted_at is not None:
        raise UndeliverableError("the account is gone")
    kind = Type(notice.type)
    rule = RULES[routing.subject(notice)]
    words = _words(notice, delivery.channel, user.language)
    return Message(
        Channel(delivery.channel),
        _where(delivery, user),
        words.title,
        words.body,
        str(delivery.id),
        language=user.language,
        urgent=rule.urgent,
        lasts=rule.lasts,
        collapse_key=COLLAPSE.get(kind),
        data={**notice.data, "notice_id": str(notice.id), "type": notice.type},
    )


def _words(notice: Notice, place: str, language: str) -> Words:
    """A broadcast says what its sender wrote; of that the notice has the only copy."""
    if "broadcast_id" in notice.context:
        return Words(notice.title or "", notice.body or "")
    return composing.words(Type(notice.type), place, notice.context, language)


def _compose_for_staff(delivery: Delivery, staff_id: UUID) -> Message:
    """Whoever has left since, or changed roles, is not told any more."""
    notice = open_session().get(StaffNotice, delivery.staff_notice_id) if delivery.staff_notice_id else None
    if notice is None:
        raise UndeliverableError("the notice is gone")
    kind = StaffType(notice.type)
    told = current_app.extensions["staff_directory"](STAFF_RULES[kind].permission)
    member = next((member for member in told if member.id == staff_id), None)
    if member is None:
        raise UndeliverableError("not for this member any more")
    channel = Channel(delivery.channel)
    to: str | None = member.email
    if channel is Channel.PUSH:
        to = member.devices.get(delivery.staff_device_id) if delivery.staff_device_id else None
    if to is None:
        raise UndeliverableError("not signed in there any more")
    words = composing.words(kind, channel, notice.context, member.language)
    return Message(
        channel,
        to,
        words.title,
        words.body,
        str(delivery.id),
        language=member.language,
        link="/console/notices",
        data={"notice_id": str(notice.id), "type": notice.type},
    )


def _where(delivery: Delivery, user: User) -> str:
    if delivery.channel == Channel.PUSH:
        device = open_session().get(Device, delivery.device_id) if delivery.device_id else None
        # Signed out, or somebody else's by now: what it says is not for who holds the device.
        if device is None or device.user_id != delivery.user_id or device.ended_at is not None:
            raise UndeliverableError("the device is gone")
        return device.fcm_token
    address = delivery.address or (user.phone if delivery.channel == Channel.SMS else user.email)
    if address is None:
        raise UndeliverableError("no address any more")
    return address


def _finish(delivery: Delivery, status: DeliveryStatus, reason: str | None) -> None:
    delivery.status, delivery.reason, delivery.finished_at = status, reason, utcnow()
    delivery.address = None
