"""The deliveries: one message on one channel each, with its tries and its outcome. Each outcome is written once."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session, utcnow
from powerbank.notifications.delivery import channels, devices, messages
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import Channel, Delivery, DeliveryStatus, Notice
from powerbank.notifications.people import delivery_plan, quiet_hours
from powerbank.notifications.people.notice_types import RULES
from powerbank.notifications.staff import devices as staff_devices
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import Cause, OutboxJob
from powerbank.outbox.policy import JobSpec

SEND_JOBS: dict[Channel, JobSpec] = {
    Channel.PUSH: notification_jobs.SEND_PUSH,
    Channel.SMS: notification_jobs.SEND_SMS,
    Channel.EMAIL: notification_jobs.SEND_EMAIL,
}


def enqueue_delivery(delivery: Delivery, *, at: datetime | None = None) -> None:
    """Enqueue the job that sends a delivery, or fail it at once if the channel is not configured."""
    channel = Channel(delivery.channel)
    if not channels.is_configured(channel):
        _finish_delivery(delivery, DeliveryStatus.FAILED, "not configured")
        return
    open_session().flush()
    delivery.job_id = enqueue(SEND_JOBS[channel], at=at, delivery_id=str(delivery.id))


def begin_try(delivery_id: UUID) -> Message | None:
    """Count one more try and return the message as it is now. None if it was sent already or waits for the morning."""
    delivery = count_try(delivery_id)
    if delivery is None or _waits_for_the_morning(delivery):
        return None
    return messages.compose_message(delivery)


def _waits_for_the_morning(delivery: Delivery) -> bool:
    """Enqueue a delivery again for the end of the night, if it would wake its person now.

    The delivery was late, or staff have made the night longer since it was planned.
    """
    notice = open_session().get(Notice, delivery.notice_id) if delivery.notice_id else None
    if notice is None or RULES[delivery_plan.subject_of_notice(notice)].urgent:
        return False
    at = delivery_plan.release_time(delivery.id, Channel(delivery.channel), quiet_hours.end_of_night(utcnow()))
    if at is None:
        return False
    delivery.attempts -= 1
    enqueue_delivery(delivery, at=at)
    return True


def count_try(delivery_id: UUID) -> Delivery | None:
    """Lock a delivery and count one more try. None if it was sent.

    A delivery that had failed is open again, since staff asked for its job once more.
    """
    delivery = _lock_delivery(delivery_id)
    if delivery is None or delivery.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED):
        return None
    delivery.attempts += 1
    delivery.status, delivery.finished_at = DeliveryStatus.QUEUED, None
    return delivery


def note_sent(delivery_id: UUID, reference: str | None) -> None:
    """Write that the vendor took the message."""
    delivery = _lock_delivery(delivery_id)
    if delivery is not None:
        delivery.reference = reference
        if delivery.status != DeliveryStatus.DELIVERED:  # a person may type the code before the vendor has answered
            _finish_delivery(delivery, DeliveryStatus.SENT, None)


def note_arrival(delivery_id: UUID) -> None:
    """Write that the message has arrived, whatever its vendor says."""
    delivery = _lock_delivery(delivery_id)
    if delivery is not None:
        _finish_delivery(delivery, DeliveryStatus.DELIVERED, None)


def note_failure(delivery_id: UUID, reason: str, *, final: bool) -> None:
    """Write why a try failed, and fail the delivery if no repeat helps."""
    delivery = _lock_delivery(delivery_id)
    if delivery is None or delivery.status == DeliveryStatus.DELIVERED:
        return
    if final:
        _finish_delivery(delivery, DeliveryStatus.FAILED, reason)
    else:
        delivery.reason = reason


def note_dead_token(delivery_id: UUID, token: str, reason: str) -> None:
    """Fail a push whose token FCM does not know any more, and end its device."""
    delivery = _lock_delivery(delivery_id)
    if delivery is not None:
        if delivery.device_id is not None:
            devices.end_unregistered_device(delivery.device_id, token, now=utcnow())
        if delivery.staff_device_id is not None:
            staff_devices.forget_token(delivery.staff_device_id, token)
        _finish_delivery(delivery, DeliveryStatus.FAILED, reason)


def close_delivery(delivery_id: UUID) -> None:
    """Fail or expire a delivery whose job has died."""
    delivery = _lock_delivery(delivery_id)
    if delivery is None or delivery.status != DeliveryStatus.QUEUED:
        return
    cause = open_session().scalar(select(OutboxJob.cause).where(OutboxJob.id == delivery.job_id))
    status = DeliveryStatus.EXPIRED if cause == Cause.EXPIRED else DeliveryStatus.FAILED
    _finish_delivery(delivery, status, delivery.reason or cause)


def _lock_delivery(delivery_id: UUID) -> Delivery | None:
    return open_session().get(Delivery, delivery_id, with_for_update=True, populate_existing=True)


def _finish_delivery(delivery: Delivery, status: DeliveryStatus, reason: str | None) -> None:
    delivery.status, delivery.reason, delivery.finished_at = status, reason, utcnow()
    delivery.address = None
