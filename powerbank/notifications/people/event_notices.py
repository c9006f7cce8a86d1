"""What becomes of an event that a person hears of: see `powerbank.subscriptions`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import current_app

from powerbank.base import money
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.people.services import write
from powerbank.notifications.texts import values
from powerbank.notifications.texts.values import Manner
from powerbank.outbox.enqueue import Scalar

# What else there is to say, given whom it is told and the event; None when there is nothing to tell after all.
Find = Callable[[UUID, Mapping[str, Scalar]], Mapping[str, Scalar] | None]


@dataclass(frozen=True)
class Details:
    """What the text of a notice says beyond the fields of its event: who finds it, and the names of what is found."""

    find: Find
    names: tuple[str, ...] = ()


def react(*, kind: Type, user_id: UUID, event: Mapping[str, Scalar], once_per: str | None) -> None:
    """For a job of its own: nobody waits for it, so that the notice needs no second one."""
    details: Details | None = current_app.extensions["notice_details"].get(kind)
    more = details.find(user_id, event) if details is not None else {}
    if more is None:
        return
    dedup_key = f"{kind}:{event[once_per]}" if once_per else None
    context = {name: _as_shown(name, value) for name, value in {**event, **more}.items()}
    notice = write(user_id=user_id, type=kind, context=context, dedup_key=dedup_key)
    if notice is not None:
        deliveries.tell(notice)


def _as_shown(name: str, value: Scalar) -> Scalar:
    """Events have paisa. A notice keeps its values as the API shows them."""
    known = values.VALUES.get(name)
    is_money = known is not None and known.manner is Manner.MONEY
    return money.format_amount(value) if is_money and isinstance(value, int) else value
