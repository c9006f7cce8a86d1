"""An event of a domain becomes a person's notice by a line in the catalogue.

Where the event does not carry all that the text says, the domain registers how the rest is found.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from powerbank.notifications import deliveries
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import write
from powerbank.queue import Scalar

# What else there is to say, given whom it is told and the event; None when there is nothing to tell after all.
Filler = Callable[[UUID, Mapping[str, Scalar]], Mapping[str, Scalar] | None]

_fillers: dict[Type, Filler] = {}


def register_filler(kind: Type, fill: Filler) -> None:
    _fillers[kind] = fill


def react(*, kind: Type, user_id: UUID, event: Mapping[str, Scalar], once_per: str | None) -> None:
    """For a job of its own: nobody waits for it, so that the notice needs no second one."""
    more = _fillers[kind](user_id, event) if kind in _fillers else {}
    if more is None:
        return
    dedup_key = f"{kind}:{event[once_per]}" if once_per else None
    notice = write(user_id=user_id, type=kind, context={**event, **more}, dedup_key=dedup_key)
    if notice is not None:
        deliveries.tell(notice)
