"""Jobs of support: answers that are late or not read, lines about what staff did, old contents."""

from uuid import UUID

from jobs.batches import repeat_until_none
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.outbox.enqueue import Scalar
from powerbank.support import lines, sweeps, venues
from powerbank.support.models import AlertCause


def tell_support_answer(*, conversation_id: str, message_id: str, channel: str) -> None:
    sweeps.tell_of_answer(UUID(conversation_id), UUID(message_id), channel=channel)


def note_act_in_conversation(*, line: str, user_id: str, rental_id: str | None = None, **event: Scalar) -> None:
    """Write what staff did, as an event tells it, into the conversation of its person."""
    lines.note_act(
        line,
        user_id=UUID(user_id),
        values=event,
        rental_id=UUID(rental_id) if rental_id is not None else None,
        now=utcnow(),
    )


def tell_venue_of_alert(*, cause: str, station_sn: str, **event: Scalar) -> None:
    """Write to the venue of a station, if a rule says so."""
    venues.tell_venue_of_alert(AlertCause(cause), station_sn, now=utcnow())


def escalate_late_answers(run: StepwiseRun) -> None:
    repeat_until_none(lambda: sweeps.escalate_late_answers(now=utcnow()))


def close_solved_conversations(run: StepwiseRun) -> None:
    repeat_until_none(lambda: sweeps.close_solved_conversations(now=utcnow()))


def prune_support(run: StepwiseRun) -> None:
    repeat_until_none(lambda: sweeps.delete_old_messages(now=utcnow()))
