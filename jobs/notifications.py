"""The jobs that tell people and staff something, and the one way in which a job hands a message to its vendor."""

import json
import time
from datetime import datetime
from functools import partial
from uuid import UUID

from jobs.batches import repeat_until_none, work_in_batches
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import PermanentError
from powerbank.integrations.errors import VendorError
from powerbank.integrations.fcm.errors import DeadTokenError
from powerbank.integrations.webpush.errors import DeadSubscriptionError
from powerbank.notifications import cleanup
from powerbank.notifications.broadcasts import services as broadcasts
from powerbank.notifications.delivery import channels, messages
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.people import dispatch, event_notices, reminders
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff import services as staff
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates import services as templates
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import Scalar, enqueue

SLICE = 20.0  # seconds


def create_notification(*, notice_id: str) -> None:
    dispatch.dispatch_notice(UUID(notice_id))


def send(run: StepwiseRun, *, delivery_id: str) -> None:
    """Send a delivery, for the jobs `send_push`, `send_sms` and `send_email`: the delivery knows its channel."""
    identifier = UUID(delivery_id)
    try:
        with transaction():
            message = deliveries.begin_try(identifier)
    except messages.UndeliverableError as gone:
        with run.finish():
            deliveries.note_failure(identifier, str(gone), final=True)
        return
    if message is not None:
        hand_over(run, identifier, message)


def send_digest(*, user_id: str, kind: str) -> None:
    dispatch.send_digest(UUID(user_id), NoticeType(kind))


def broadcast_system_message(run: StepwiseRun, *, broadcast_id: str) -> None:
    """Write notices for a part of the time limit, then go on in another such job, so that others get their turn.

    The row of the broadcast says how far it has come, so a repeat goes on where the last batch ended.
    """
    identifier, until = UUID(broadcast_id), time.monotonic() + SLICE
    while time.monotonic() < until:
        with transaction():
            more = broadcasts.tell_batch(identifier, now=utcnow())
        if not more:
            break
    with run.finish():
        at = utcnow() if more else broadcasts.push_batch(identifier, now=utcnow())
        if at is not None:
            enqueue(notification_jobs.BROADCAST_SYSTEM_MESSAGE, at=at, broadcast_id=broadcast_id)


def send_template_test(run: StepwiseRun, *, template_id: str, delivery_id: str) -> None:
    with transaction():
        message = templates.compose_test_message(UUID(template_id), UUID(delivery_id))
    if message is not None:
        hand_over(run, UUID(delivery_id), message)


def remind_unfinished(run: StepwiseRun) -> None:
    send_reminders(now=utcnow())


def send_reminders(*, now: datetime) -> None:
    """Remind people who have not finished their profile or identity check, a batch at a time."""
    for reminder in reminders.current_reminders(now=now):
        work_in_batches(reminder.find, partial(reminders.send_reminder, reminder))


def finish_accounts() -> None:
    reminders.repeat_registration_steps(now=utcnow())


def close_delivery(*, delivery_id: str, **_of_the_job_that_died: str) -> None:
    deliveries.close_delivery(UUID(delivery_id))


def notify_user(*, notice: str, user_id: str, once_per: str | None = None, **event: Scalar) -> None:
    """Tell of an event, as a line of `powerbank.subscriptions` says."""
    event_notices.tell_user_of_event(
        notice_type=NoticeType(notice), user_id=UUID(user_id), event=event, once_per=once_per
    )


def notify_user_of_several(*, user_id: str, calls: str) -> None:
    """Tell a person of all events that one transaction published about them."""
    for arguments in json.loads(calls):
        notify_user(**arguments)


def notify_staff(*, notice: str, **event: Scalar) -> None:
    """Tell of an event, as a line of `powerbank.subscriptions` says."""
    staff.notify_staff(type=StaffNoticeType(notice), context=event)


def prune_notifications(run: StepwiseRun) -> None:
    delete_old_rows(now=utcnow())


def delete_old_rows(*, now: datetime) -> None:
    """Delete old notices, deliveries and devices, a batch at a time."""
    repeat_until_none(lambda: cleanup.delete_old_deliveries(now=now))
    repeat_until_none(lambda: cleanup.delete_old_staff_notices(now=now))
    repeat_until_none(lambda: cleanup.delete_old_notices(now=now))
    repeat_until_none(lambda: cleanup.delete_ended_devices(now=now))


def hand_over(run: StepwiseRun, delivery_id: UUID, message: Message) -> None:
    """Send a message, and complete the job if the vendor took it or said that it can never arrive.

    Other failures are raised, so that the job is tried again.
    """
    try:
        receipt = run.call("send", lambda _key: channels.send_message(message))
    except (DeadTokenError, DeadSubscriptionError) as gone:
        with run.finish():
            deliveries.note_dead_token(delivery_id, message.to, str(gone))
        return
    except (VendorError, PermanentError) as error:
        with transaction():
            deliveries.note_failure(delivery_id, str(error), final=isinstance(error, PermanentError))
        raise
    with run.finish():
        deliveries.note_sent(delivery_id, receipt.get("reference"))
