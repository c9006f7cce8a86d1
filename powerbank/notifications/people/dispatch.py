"""The dispatch of notices: a notice gets its text, appears in the app, and goes out on its channels."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import new_id, open_session, utcnow
from powerbank.live import changes
from powerbank.notifications.delivery import services as delivery_services
from powerbank.notifications.models import IN_APP, Channel, Delivery, Notice
from powerbank.notifications.people import delivery_plan
from powerbank.notifications.people.delivery_plan import DeliveryPlan, Reader
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import insert_notice, notify
from powerbank.notifications.templates import composition
from powerbank.notifications.texts import built_in
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import Scalar, enqueue
from powerbank.users.identifiers import mask_contact_address
from powerbank.users.models import IdentifierKind


def dispatch_notice(notice_id: UUID) -> None:
    """Show and send a notice that waits for its text. The extra deliveries that were asked for go out with it."""
    session = open_session()
    notice = session.get(Notice, notice_id, with_for_update=True, populate_existing=True)
    if notice is not None and notice.shown_at is None:
        extra = select(Delivery).where(Delivery.notice_id == notice_id, Delivery.job_id.is_(None))
        prepared = _prepare_notice(notice)
        if prepared is None:
            session.delete(notice)
        else:
            _send_notice(notice, prepared, also=session.scalars(extra).all())


def tell_user(*, user_id: UUID, type: NoticeType, context: Mapping[str, Scalar], dedup_key: str | None = None) -> None:
    """Write a notice together with its text, show it in the app, and send it on its channels.

    Nothing happens where the person was told before under this key, or the account is gone.
    """
    notice = Notice(id=new_id(), user_id=user_id, type=type.value, context=dict(context), dedup_key=dedup_key)
    prepared = _prepare_notice(notice)
    if prepared is not None and insert_notice(notice):
        _send_notice(notice, prepared)


class PreparedNotice(NamedTuple):
    """What is to be done for a notice that has its text."""

    plan: DeliveryPlan
    deliveries: Sequence[Delivery]
    digest_at: datetime | None  # there were too many of its type lately, and a digest tells of it at this time


def _prepare_notice(notice: Notice) -> PreparedNotice | None:
    """Give a notice its text, and plan where it goes. None where its reader is gone."""
    reader = delivery_plan.find_reader(notice.user_id, delivery_plan.subject_of_notice(notice))
    if reader is None:
        return None
    now = utcnow()
    plan = delivery_plan.plan_delivery(notice, reader, now=now)
    notice_type = NoticeType(notice.type)
    if reader.has_template or notice_type is NoticeType.DIGEST:  # of a digest the reader's query asks for its subject
        text = composition.compose_text(notice_type, IN_APP, notice.context, reader.language)
    else:
        text = built_in.built_in_text(notice_type, notice.context, reader.language)
    notice.title, notice.body, notice.shown_at = text.title, text.body, now
    if not plan.in_app:
        notice.deleted_at = now
    deliveries = _new_deliveries(notice, reader, plan)
    digest_at = delivery_plan.digest_time(notice, now=now, night_ends=plan.night_ends) if deliveries else None
    if digest_at is not None:
        notice.withheld_at = now
    return PreparedNotice(plan, deliveries, digest_at)


def _send_notice(notice: Notice, prepared: PreparedNotice, *, also: Sequence[Delivery] = ()) -> None:
    """Tell screens of a notice that is written, and enqueue its deliveries or the digest that stands for them."""
    changes.announce(changes.topic_of_user(notice.user_id), kind="notice", id=notice.id)
    plan, deliveries, digest_at = prepared
    if digest_at is not None:
        enqueue(notification_jobs.SEND_DIGEST, at=digest_at, user_id=str(notice.user_id), kind=notice.type)
        deliveries = []
    _send_deliveries([*also, *deliveries], plan)


def send_digest(user_id: UUID, notice_type: NoticeType) -> None:
    """Tell a person at once of all notices of a type that were withheld, except those that were read meanwhile."""
    withheld = list(
        open_session().scalars(
            select(Notice)
            .where(Notice.user_id == user_id, Notice.type == notice_type.value, Notice.withheld_at.is_not(None))
            .order_by(Notice.id)
            .with_for_update()
        )
    )
    for notice in withheld:
        notice.withheld_at = None
    unread = [notice for notice in withheld if notice.read_at is None]
    if not unread:
        return
    newest = unread[-1]
    if len(unread) == 1:
        reader = delivery_plan.find_reader(user_id, notice_type)
        if reader is not None:
            plan = delivery_plan.plan_delivery(newest, reader, now=utcnow())
            _send_deliveries(_new_deliveries(newest, reader, plan), plan)
        return
    # No event brings a digest: it stands for notices whose events were told already.
    context = {"of": notice_type.value, "about": newest.title, "count": len(unread) - 1}
    notify(user_id=user_id, type=NoticeType.DIGEST, context=context, dedup_key=f"digest:{newest.id}")


def _send_deliveries(new: Sequence[Delivery], plan: DeliveryPlan) -> None:
    """Write deliveries and enqueue each of them, for the morning where the plan says so."""
    for delivery in new:
        open_session().add(delivery)
        open_session().flush()
        channel = Channel(delivery.channel)
        delivery_services.enqueue_delivery(
            delivery, at=delivery_plan.release_time(delivery.id, channel, plan.night_ends)
        )


def _new_deliveries(notice: Notice, reader: Reader, plan: DeliveryPlan) -> list[Delivery]:
    """Return a delivery for each channel of the plan and each address or device of the reader on it."""
    about = {"notice_id": notice.id, "user_id": reader.user_id, "type": notice.type}
    new_deliveries = [
        Delivery(**about, channel=channel, masked=mask_contact_address(kind, reader.addresses[kind]), attempts=0)
        for channel, kind in ((Channel.SMS, IdentifierKind.PHONE), (Channel.EMAIL, IdentifierKind.EMAIL))
        if channel in plan.channels and kind in reader.addresses
    ]
    if Channel.PUSH in plan.channels:
        new_deliveries += [Delivery(**about, channel=Channel.PUSH, device_id=device_id) for device_id in reader.devices]
    return new_deliveries
