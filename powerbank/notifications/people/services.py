"""The notices of a person: written, marked as read, hidden.

What happens in a domain is an event, and a line of `powerbank.subscriptions` tells its person. `notify` is for the few
cases in which nothing happened that others could follow.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, Uuid, bindparam, delete, literal, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from powerbank.base.db import UtcDateTime, new_id, open_session
from powerbank.base.errors import NotFoundError
from powerbank.live import changes
from powerbank.notifications.models import Channel, Delivery, Device, Mute, Notice
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.templates import rules
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import Scalar, enqueue
from powerbank.users.identifiers import ContactAddress, mask_contact_address
from powerbank.users.models import IdentifierKind, User

# One statement writes a notice with its text: a row that is written and then changed costs twice as much.
_INSERTED = ("id", "user_id", "type", "context", "dedup_key", "title", "body", "shown_at", "deleted_at", "withheld_at")
_INSERT = text("""
    INSERT INTO notices (id, user_id, type, context, dedup_key, title, body, shown_at, deleted_at, withheld_at)
    SELECT :id, id, :type, :context, :dedup_key, :title, :body, :shown_at, :deleted_at, :withheld_at
      FROM users WHERE id = :user_id AND deleted_at IS NULL
        ON CONFLICT (user_id, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
    RETURNING id
""").bindparams(
    bindparam("id", type_=Uuid),
    bindparam("context", type_=JSONB),
    *(bindparam(name, type_=UtcDateTime) for name in ("shown_at", "deleted_at", "withheld_at")),
)
WELCOME_KEY = "welcome"
CHANNEL_OF = {IdentifierKind.PHONE: Channel.SMS, IdentifierKind.EMAIL: Channel.EMAIL}


def notify(
    *,
    user_id: UUID,
    type: NoticeType,
    context: Mapping[str, Scalar],
    dedup_key: str | None = None,
    also_to: Sequence[ContactAddress] = (),
) -> UUID | None:
    """Write a notice and enqueue the job that shows and sends it after the commit.

    None where the person was told before under this key, or the account is gone. The addresses `also_to` get it too, by
    SMS or e-mail, although they are not the person's any more.
    """
    notice = write_notice(user_id=user_id, type=type, context=context, dedup_key=dedup_key)
    if notice is None:
        return None
    for address in also_to:
        channel = CHANNEL_OF[address.kind]
        if channel in rules.channels_of_type(type):
            shown = mask_contact_address(address.kind, address.value)
            open_session().add(
                Delivery(
                    notice_id=notice.id,
                    user_id=user_id,
                    type=type,
                    channel=channel,
                    address=address.value,
                    masked=shown,
                )
            )
    enqueue(notification_jobs.CREATE_NOTIFICATION, notice_id=str(notice.id))
    return notice.id


def write_notice(
    *, user_id: UUID, type: NoticeType, context: Mapping[str, Scalar], dedup_key: str | None = None
) -> Notice | None:
    """Write a notice that has no text yet: `dispatch.dispatch_notice` gives it one. None as with `notify`."""
    _refuse_objects(context)
    row = select(
        literal(new_id()), User.id, literal(type.value), literal(dict(context), JSONB), literal(dedup_key)
    ).where(User.id == user_id, User.deleted_at.is_(None))
    return open_session().scalar(
        insert(Notice)
        .from_select(["id", "user_id", "type", "context", "dedup_key"], row)
        .on_conflict_do_nothing(index_elements=["user_id", "dedup_key"], index_where=Notice.dedup_key.is_not(None))
        .returning(Notice)
    )


def insert_notice(notice: Notice) -> bool:
    """Write a notice that has its text. False where the person was told before, or the account is gone."""
    _refuse_objects(notice.context)
    values = {name: getattr(notice, name) for name in _INSERTED}
    return open_session().scalar(_INSERT, values) is not None


def notify_of_registration(user_id: UUID) -> None:
    """Welcome a new person. No event tells it: the welcome is a step of the registration itself."""
    notify(user_id=user_id, type=NoticeType.WELCOME, context={}, dedup_key=WELCOME_KEY)


def mark_notice(user_id: UUID, notice_id: UUID, *, read: bool, now: datetime) -> Notice:
    """Mark a notice as read or unread."""
    notice = _lock_notice_of_user(user_id, notice_id)
    notice.read_at = (notice.read_at or now) if read else None
    changes.announce(changes.topic_of_user(user_id), kind="notice", id=notice_id)
    return notice


def mark_all_notices(user_id: UUID, *, now: datetime) -> int:
    """Mark all notices of a person as read, and return how many were unread."""
    changes.announce(changes.topic_of_user(user_id), kind="notice", id=None)
    marked = open_session().execute(
        update(Notice).where(Notice.user_id == user_id, *Notice.seen(), Notice.read_at.is_(None)).values(read_at=now)
    )
    return cast(CursorResult[Any], marked).rowcount


def hide_notice(user_id: UUID, notice_id: UUID, *, now: datetime) -> None:
    """Hide a notice from its person. The row stays, so that the same event does not bring the notice back."""
    _lock_notice_of_user(user_id, notice_id).deleted_at = now
    changes.announce(changes.topic_of_user(user_id), kind="notice", id=notice_id)


def delete_notices_of_user(user: User) -> None:
    """Delete the notices, devices and preferences of an account that ends. Only the bare deliveries stay."""
    session = open_session()
    session.execute(update(Delivery).where(Delivery.user_id == user.id).values(masked=None, address=None))
    session.execute(delete(Notice).where(Notice.user_id == user.id))
    session.execute(delete(Device).where(Device.user_id == user.id))
    session.execute(delete(Mute).where(Mute.user_id == user.id))


def _lock_notice_of_user(user_id: UUID, notice_id: UUID) -> Notice:
    """Lock a notice that a person has in the list, or refuse with 404."""
    notice = open_session().scalar(
        select(Notice).where(Notice.id == notice_id, Notice.user_id == user_id, *Notice.seen()).with_for_update()
    )
    if notice is None:
        raise NotFoundError("notice")
    return notice


def _refuse_objects(context: Mapping[str, object]) -> None:
    for name, value in context.items():
        if not isinstance(value, str | int | float | bool | None):
            raise TypeError(f"{name}={value!r}: a message is about ids and scalars")
