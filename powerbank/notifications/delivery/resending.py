"""Send a message once more: staff ask for it when a person says that nothing arrived."""

from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.notifications.delivery.services import enqueue_delivery
from powerbank.notifications.models import Delivery, DeliveryStatus


def resend_delivery(delivery_id: UUID, *, staff: Staff) -> Delivery:
    """Send the message of a delivery once more, as a delivery of its own.

    It is composed anew, so it says what is true by then. A code has no notice: its person asks for another.
    """
    session = open_session()
    old = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if old is None or old.user_id is None:
        raise NotFoundError("delivery")
    if old.notice_id is None:
        raise ConflictError("not_resendable", "This message cannot be sent again: its text is not kept.")
    if old.status == DeliveryStatus.QUEUED:
        raise ConflictError("delivery_under_way", "This message is on its way.")
    again = Delivery(
        id=new_id(),
        notice_id=old.notice_id,
        user_id=old.user_id,
        device_id=old.device_id,
        type=old.type,
        channel=old.channel,
        masked=old.masked,
        attempts=0,
    )
    session.add(again)
    session.flush()
    enqueue_delivery(again)
    audit.record(
        actor=audit.staff_actor(staff.id),
        action="delivery.resend",
        object_kind="user",
        object_id=old.user_id,
        new={"delivery_id": str(old.id), "type": old.type, "channel": old.channel},
    )
    return again
