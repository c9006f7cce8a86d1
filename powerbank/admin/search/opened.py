"""What a member of staff opened lately. It stands in the caches' Redis, since nobody misses it for long."""

import contextlib
from datetime import timedelta
from typing import cast
from uuid import UUID

from redis.exceptions import RedisError

from powerbank.admin.search.finders import FINDERS, Hit, find_by_id
from powerbank.api.auth import Staff
from powerbank.base.redis_clients import counter_redis

MOST = 8
KEPT = timedelta(days=30)


def note_opened(staff_id: UUID, kind: str, object_id: str) -> None:
    """Note that a page was opened. The newest comes first, and each thing is there once."""
    key, value = _key(staff_id), f"{kind}:{object_id}"
    with contextlib.suppress(RedisError):
        pipe = counter_redis().pipeline(transaction=False)
        pipe.lrem(key, 0, value)
        pipe.lpush(key, value)
        pipe.ltrim(key, 0, MOST - 1)
        pipe.expire(key, KEPT)
        pipe.execute()


def list_opened(staff: Staff) -> list[Hit]:
    """List what this member opened lately, as it is called now and as far as the role may still read it."""
    try:
        kept = cast("list[bytes]", counter_redis().lrange(_key(staff.id), 0, MOST - 1))
    except RedisError:
        return []
    noted = [str(each, "utf-8") for each in kept]
    known = [(kind, object_id) for kind, _, object_id in (each.partition(":") for each in noted) if kind in FINDERS]
    hits = [find_by_id(kind, object_id) for kind, object_id in known if staff.may(FINDERS[kind].permission)]
    return [hit for hit in hits if hit is not None]


def _key(staff_id: UUID) -> str:
    return f"console:opened:{staff_id}"
