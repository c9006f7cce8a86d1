"""What staff do for a person inside a conversation: the act of another domain, and a line that tells of it.

Each thing must be the person's of this conversation. Money that goes back, waivers and decided cases write their line
by themselves, wherever they are decided. What waits for a second person is told in a note, which only staff see.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from powerbank.admin.console.rentals.timeline import rental_timeline
from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.errors import NotFoundError
from powerbank.ledger import queries as ledger
from powerbank.ledger.adjustments.models import StaffAct
from powerbank.ledger.adjustments.services import ask_to_waive_due
from powerbank.notifications.delivery import queries as deliveries
from powerbank.notifications.delivery.resending import resend_delivery
from powerbank.rentals import cards
from powerbank.rentals import queries as rentals
from powerbank.rentals.errors import rental_over
from powerbank.rentals.models import Rental
from powerbank.rentals.staff import decisions, dossier
from powerbank.rentals.staff.resolution import Action
from powerbank.rentals.states import Status
from powerbank.stations.commands import staff_commands
from powerbank.stations.commands.models import CommandName
from powerbank.support import lines
from powerbank.support.models import Conversation, Side, Subject
from powerbank.support.staff import queries, services

LINES: Mapping[Action, str] = MappingProxyType(
    {
        Action.COMPLETE: "rental_ended",
        Action.CANCEL: "rental_cancelled",
        Action.EXTEND: "time_given",
        Action.SWAP: "swap_allowed",
        Action.CHARGE: "rental_charged",
        Action.LOST: "rental_lost",
    }
)
SLOT_MAY_BE_OPENED = frozenset({Status.EJECTING, Status.UNRESOLVED, Status.ACTIVE, Status.OVERDUE})


def describe_rental_beside(
    conversation: Conversation, open_rentals: list[Rental], *, staff: Staff, now: datetime
) -> dict[str, Any] | None:
    """Describe the rental that a conversation is about, or else the newest open one, with what may be done about it."""
    if conversation.subject == Subject.RENTAL and conversation.subject_id is not None:
        rental = rentals.find_rental(conversation.subject_id)
    elif open_rentals:
        rental = open_rentals[0]
    else:
        return None
    found = dossier.rental_dossier(rental, now=now)
    return {
        "rental": rental,
        "card": found["rental"],
        "possible": decisions.possible_actions(found["rental"], staff=staff),
        "cases": [case for case in found["cases"] if case["status"] == "open"],
        "moments": rental_timeline(found, []),
        "may_decide_cases": staff.may(decisions.permission_of(Action.UPHOLD)),
        "may_open_slot": staff.may("stations.operate") and rental.status in SLOT_MAY_BE_OPENED,
    }


def decide_rental(
    conversation_id: UUID, rental_id: UUID, *, staff: Staff, now: datetime, **asked: Any
) -> Rental | StaffAct:
    conversation = _find_riders_conversation(conversation_id)
    rental = rentals.rental_of_user(rental_id, conversation.user_id)
    done = decisions.decide_by_staff(rental.id, staff=staff, now=now, **asked)
    action = Action(asked["action"])
    if isinstance(done, StaffAct):
        _note_waiting(conversation, action.value, asked, staff=staff, now=now)
    elif action in LINES:
        lines.tell_in_conversation(conversation.id, LINES[action], asked, now=now)
    return done


def waive_due(conversation_id: UUID, due_id: UUID, *, staff: Staff, now: datetime, **asked: Any) -> Any:
    conversation = _find_riders_conversation(conversation_id)
    if ledger.find_due(due_id).due.user_id != conversation.user_id:
        raise NotFoundError("due")
    done = ask_to_waive_due(due_id, staff=staff, now=now, **asked)
    if isinstance(done, StaffAct):
        _note_waiting(conversation, "waive", asked, staff=staff, now=now)
    return done


def open_slot(conversation_id: UUID, rental_id: UUID, *, reason: str, staff: Staff, now: datetime) -> None:
    """Unlock the slot of a rental once more, so that the person can take what did not come out."""
    conversation = _find_riders_conversation(conversation_id)
    rental = rentals.rental_of_user(rental_id, conversation.user_id)
    if rental.status not in SLOT_MAY_BE_OPENED:
        raise rental_over(rental.status)
    station = cards.card_of_rental(rental, now=now).station
    parameters = {"slot_number": rental.slot_number}
    made = staff_commands.request_command_by_staff(
        station, command=CommandName.UNLOCK_SLOT, parameters=parameters, staff_id=staff.id, now=now
    )
    wanted = {"command": made.command, "parameters": parameters, "command_id": str(made.id), "reason": reason}
    audit.record_by_staff("stations.command", "station", station.sn, new=wanted)
    lines.tell_in_conversation(conversation.id, "slot_opened", parameters, now=now)


def resend_message(conversation_id: UUID, delivery_id: UUID, *, staff: Staff, now: datetime) -> None:
    conversation = _find_riders_conversation(conversation_id)
    if deliveries.find_delivery(delivery_id).user_id != conversation.user_id:
        raise NotFoundError("delivery")
    again = resend_delivery(delivery_id, staff=staff)
    lines.tell_in_conversation(conversation.id, "message_resent", {"masked": again.masked or ""}, now=now)


def _find_riders_conversation(conversation_id: UUID) -> Conversation:
    """Find a conversation of somebody who rents. What they do as such is no matter of a venue or of the crew."""
    found = queries.find_conversation(conversation_id)
    if found.side != Side.RIDER:
        raise NotFoundError("conversation")
    return found


def _note_waiting(
    conversation: Conversation, action: str, asked: Mapping[str, Any], *, staff: Staff, now: datetime
) -> None:
    text = f"{action}: {asked['reason']} (waits for a second person)"
    services.note(conversation.id, staff=staff, text=text, photo=None, client_id=None, now=now)
