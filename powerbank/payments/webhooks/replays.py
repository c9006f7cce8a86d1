"""Look into many webhooks once more, as an operation of which a job does so many each minute.

Each of them asks its gateway, in the queue in which payments wait that are made right now. So they are spread over the
minute and never pile up before those.
"""

from dataclasses import replace
from datetime import datetime
from itertools import count as count_up
from uuid import UUID

from powerbank.base.errors import ConflictError
from powerbank.outbox import operation_items, operations
from powerbank.outbox.catalogue import payment_jobs
from powerbank.outbox.operations import Operation
from powerbank.payments.webhooks import services as webhooks
from powerbank.payments.webhooks.filters import MOST, EventFilter

PER_MINUTE = 120
MOST_PER_MINUTE = 600


def request_replays(
    *, events: EventFilter, count: int, per_minute: int, reason: str, staff_id: UUID, now: datetime
) -> Operation:
    """Accept to look into all webhooks that match and have come by now. `count` is how many staff saw."""
    events = replace(events, until=min(events.until or now, now))
    request = {name: None if value is None else str(value) for name, value in vars(events).items()}
    operation = operations.accept(
        payment_jobs.REPLAY_WEBHOOKS,
        staff_id=staff_id,
        request={"filter": request, "per_minute": per_minute, "reason": reason},
        now=now,
    )
    total = operation_items.choose_items(operation, events.select_ids_to_replay())
    if total > MOST:
        raise ConflictError("too_many_match", "This is more than one operation takes. Choose a shorter time.")
    if total > count:
        raise ConflictError("more_match_now", "More match by now than you saw. Look at their number again.")
    operation_items.record_for_asker(
        operation, "webhook.replay_many", "operation", operation.id, total=total, filter=request
    )
    return operation


def replay_within_minute(operation_id: UUID, *, now: datetime) -> None:
    """Look into as many webhooks as an operation may in a minute, and have the next ones follow after it."""
    operation = operations.lock_pending_operation(operation_id)
    if operation is None:
        return
    per_minute, place = operation.request["per_minute"], count_up()

    def act(operation: Operation, event_id: str) -> None:
        at = now + operation_items.PAUSE * next(place) / per_minute
        event = webhooks.look_again(UUID(event_id), at=at)
        operation_items.record_for_asker(operation, "webhook.replay", "gateway_event", event_id, gateway=event.gateway)

    operation_items.work_on_next_items(operation_id, act, most=per_minute)
    operation_items.go_on_after_pause(operation, payment_jobs.REPLAY_WEBHOOKS, now=now)
