"""Broadcasts: a message to everybody, or to the people of a target, in batches that are written whole or not at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Boolean, Select, Uuid, and_, bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import JSONB

from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.live import changes
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.broadcasts.models import UNFINISHED, Broadcast, BroadcastStatus
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.models import IN_APP, Channel, Delivery, Device, Mute, Notice
from powerbank.notifications.people import quiet_hours
from powerbank.notifications.people.notice_types import Group, NoticeType
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import OutboxJob, State
from powerbank.users.models import User

BATCH = 2000
PUSHES_IN_FLIGHT = 500  # of all types, so that a broadcast does not stand in the way of a rental's push
LOOK_AGAIN = timedelta(seconds=5)
GROUP = Group.ANNOUNCEMENTS

_INSERT = text("""
    INSERT INTO notices (id, user_id, type, context, dedup_key, title, body, created_at, shown_at, deleted_at)
    SELECT n.id, n.user_id, :type, :context, :dedup_key, :title, :body, :now, :now, CASE WHEN n.hidden THEN :now END
      FROM unnest(:ids, :people, :hidden) AS n (id, user_id, hidden)
    ON CONFLICT (user_id, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    bindparam("people", type_=ARRAY(Uuid)),
    bindparam("hidden", type_=ARRAY(Boolean)),
    bindparam("context", type_=JSONB),
)


def send_broadcast(
    *, title: str, message: str, target: Mapping[str, Any], push: bool, by: UUID, now: datetime
) -> Broadcast:
    """Create a broadcast, and enqueue the job that writes its notices."""
    broadcast = Broadcast(
        id=new_id(),
        title=title,
        message=message,
        target=dict(target),
        push=push,
        created_by=by,
        created_at=now,
        status=BroadcastStatus.TELLING,
        told=0,
        pushes=0,
        total=targets.count_people(target, now=now),
    )
    open_session().add(broadcast)
    open_session().flush()
    enqueue(notification_jobs.BROADCAST_SYSTEM_MESSAGE, broadcast_id=str(broadcast.id))
    new = {"title": title, "message": message, "target": dict(target), "push": push, "total": broadcast.total}
    _record("send", broadcast, by=by, new=new)
    return broadcast


def _record(act: str, broadcast: Broadcast, *, by: UUID, new: dict[str, Any]) -> None:
    action = f"broadcast.{act}"
    audit.record(actor=audit.staff_actor(by), action=action, object_kind="broadcast", object_id=broadcast.id, new=new)


def broadcast_page(*, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of all broadcasts, newest first."""
    return page(select(Broadcast), Broadcast.id, descending=True, limit=limit, cursor=cursor)


def find_broadcast(broadcast_id: UUID) -> Broadcast:
    """Return a broadcast as it is now, or refuse with 404."""
    broadcast: Broadcast | None = db.session.get(Broadcast, broadcast_id, populate_existing=True)
    if broadcast is None:
        raise NotFoundError("broadcast")
    return broadcast


def cancel_broadcast(broadcast_id: UUID, *, by: UUID, now: datetime) -> Broadcast:
    """Stop a broadcast where it is. Whoever was told stays told."""
    broadcast = lock_broadcast(broadcast_id)
    if broadcast is None:
        raise NotFoundError("broadcast")
    if broadcast.status not in UNFINISHED:
        raise ConflictError("broadcast_over", f"This broadcast is {broadcast.status}.")
    _finish_broadcast(broadcast, BroadcastStatus.CANCELLED, now)
    _record("cancel", broadcast, by=by, new={"told": broadcast.told})
    return broadcast


def tell_batch(broadcast_id: UUID, *, now: datetime) -> bool:
    """Write the notices of the next people, and tell whether there are more."""
    broadcast = lock_broadcast(broadcast_id)
    if broadcast is None or broadcast.status != BroadcastStatus.TELLING:
        return False
    query = (
        targets.people_of_target(broadcast.target, joined_before=broadcast.created_at).order_by(User.id).limit(BATCH)
    )
    if broadcast.last_told_user_id is not None:
        query = query.where(User.id > broadcast.last_told_user_id)
    people = list(open_session().scalars(query))
    if people:
        _write_notices(broadcast, people, now)
        broadcast.last_told_user_id, broadcast.told = people[-1], broadcast.told + len(people)
    if len(people) == BATCH:
        return True
    if broadcast.push:
        broadcast.status = BroadcastStatus.PUSHING
    else:
        _finish_broadcast(broadcast, BroadcastStatus.DONE, now)
    return False


def push_batch(broadcast_id: UUID, *, now: datetime) -> datetime | None:
    """Enqueue as many pushes as there is room for, and return when to go on. None when there is nothing left to do."""
    broadcast = lock_broadcast(broadcast_id)
    if broadcast is None or broadcast.status != BroadcastStatus.PUSHING:
        return None
    if morning := quiet_hours.end_of_night(now):
        return morning
    room = PUSHES_IN_FLIGHT - _count_pushes_in_flight()
    if room <= 0:
        return now + LOOK_AGAIN
    rows = open_session().execute(_next_devices(broadcast).limit(room)).all()
    for row in rows:
        delivery = Delivery(
            notice_id=row.notice_id,
            user_id=row.user_id,
            device_id=row.id,
            type=NoticeType.BROADCAST.value,
            channel=Channel.PUSH,
        )
        open_session().add(delivery)
        deliveries.enqueue_delivery(delivery)
    if rows:
        broadcast.last_pushed_device_id, broadcast.pushes = rows[-1].id, broadcast.pushes + len(rows)
    if len(rows) < room:
        _finish_broadcast(broadcast, BroadcastStatus.DONE, now)
        return None
    return now + LOOK_AGAIN


def lock_broadcast(broadcast_id: UUID) -> Broadcast | None:
    """Lock a broadcast, or return None where there is no such one."""
    return open_session().get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)


def _write_notices(broadcast: Broadcast, people: list[UUID], now: datetime) -> None:
    """Write the notices of these people in one statement. There is no event that a subscription could follow.

    A person who wants no announcements in the app gets a hidden notice, to which the push belongs.
    """
    muted = set(
        open_session().scalars(
            select(Mute.user_id).where(
                Mute.group == GROUP.value, Mute.place == IN_APP, Mute.user_id.between(people[0], people[-1])
            )
        )
    )
    open_session().execute(
        _INSERT,
        {
            "ids": [new_id() for _ in people],
            "people": people,
            "hidden": [person in muted for person in people],
            "type": NoticeType.BROADCAST.value,
            "context": {"broadcast_id": str(broadcast.id)},
            "dedup_key": broadcast.dedup_key,
            "title": broadcast.title,
            "body": broadcast.message,
            "now": now,
        },
    )
    for person in people:
        changes.announce(changes.topic_of_user(person), kind="notice", id=None)


def _next_devices(broadcast: Broadcast) -> Select[UUID, UUID, UUID]:
    """Return the query of the next devices of people who were told and want pushes of announcements."""
    is_notice_of_broadcast = and_(Notice.user_id == Device.user_id, Notice.dedup_key == broadcast.dedup_key)
    silent = exists().where(Mute.user_id == Device.user_id, Mute.group == GROUP.value, Mute.place == Channel.PUSH.value)
    query = select(Device.id, Device.user_id, Notice.id.label("notice_id")).join(Notice, is_notice_of_broadcast)
    query = query.where(Device.ended_at.is_(None), ~silent).order_by(Device.id)
    return (
        query if broadcast.last_pushed_device_id is None else query.where(Device.id > broadcast.last_pushed_device_id)
    )


def _count_pushes_in_flight() -> int:
    waiting = select(func.count()).where(
        OutboxJob.state == State.OPEN, OutboxJob.job == notification_jobs.SEND_PUSH.name
    )
    return open_session().scalar(waiting) or 0


def _finish_broadcast(broadcast: Broadcast, status: BroadcastStatus, now: datetime) -> None:
    broadcast.status, broadcast.finished_at = status, now
