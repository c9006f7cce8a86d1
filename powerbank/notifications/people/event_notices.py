"""The notices that follow from events, by the lines of `powerbank.subscriptions`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from flask import current_app

from powerbank.base import money
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.texts import values
from powerbank.notifications.texts.values import Format
from powerbank.outbox.enqueue import Scalar

# Finds what else a notice says, from its person and the event. None where there is nothing to tell any more.
Find = Callable[[UUID, Mapping[str, Scalar]], Mapping[str, Scalar] | None]


@dataclass(frozen=True)
class Details:
    """What a notice says beyond the fields of its event: the function that finds it, and the names of its values."""

    find: Find
    names: tuple[str, ...] = ()


def tell_user_of_event(
    *, notice_type: NoticeType, user_id: UUID, event: Mapping[str, Scalar], once_per: str | None
) -> None:
    """Write the notice of an event, show it and send it. This runs in a job, so the notice needs no job of its own."""
    details: Details | None = current_app.extensions["notice_details"].get(notice_type)
    found = details.find(user_id, event) if details is not None else {}
    if found is None:
        return
    dedup_key = f"{notice_type}:{event[once_per]}" if once_per else None
    context = {name: _as_shown(name, value) for name, value in {**event, **found}.items()}
    dispatch.tell_user(user_id=user_id, type=notice_type, context=context, dedup_key=dedup_key)


def _as_shown(name: str, value: Scalar) -> Scalar:
    """Return a value as the API shows it: events have amounts in paisa, notices have them as text."""
    known = values.VALUES.get(name)
    is_money = known is not None and known.format is Format.MONEY
    return money.format_amount(value) if is_money and isinstance(value, int) else value
