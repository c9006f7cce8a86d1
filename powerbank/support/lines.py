"""The lines that the system writes into a conversation: what staff did for its person, in the person's language."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.base.money import format_amount
from powerbank.support import threads
from powerbank.support.models import Conversation, Sender, Side, Status, Subject

TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "refund_approved": ("Refund of NPR {amount} approved.", "NPR {amount} फिर्ता स्वीकृत भयो।"),
        "refund_rejected": ("Refund of NPR {amount} refused: {reason}", "NPR {amount} फिर्ता अस्वीकृत भयो: {reason}"),
        "rental_refunded": ("NPR {amount} of the rental given back.", "भाडाको NPR {amount} फिर्ता गरियो।"),
        "due_waived": ("A due of NPR {amount} waived.", "NPR {amount} को बक्यौता मिनाहा गरियो।"),
        "case_upheld": ("Report about the rental upheld: {reason}", "भाडासम्बन्धी उजुरी सदर भयो: {reason}"),
        "case_dismissed": ("Report about the rental dismissed: {reason}", "भाडासम्बन्धी उजुरी खारेज भयो: {reason}"),
        "balance_added": ("NPR {amount} added to the wallet.", "वालेटमा NPR {amount} थपियो।"),
        "balance_taken": ("NPR {amount} taken from the wallet.", "वालेटबाट NPR {amount} घटाइयो।"),
        "rental_ended": ("We ended the rental.", "हामीले भाडा टुंग्यायौँ।"),
        "rental_cancelled": (
            "We cancelled the rental. What was paid for it goes back.",
            "हामीले भाडा रद्द गर्‍यौँ। तिरेको रकम फिर्ता हुन्छ।",
        ),
        "time_given": ("We gave {minutes} more minutes.", "हामीले थप {minutes} मिनेट दियौँ।"),
        "swap_allowed": (
            "Put the power bank back at its station within 30 minutes, and another one comes out.",
            "३० मिनेटभित्र पावर बैंक त्यही स्टेशनमा राख्नुहोस्, अर्को निस्कन्छ।",
        ),
        "rental_charged": ("NPR {amount} charged for the rental: {reason}", "भाडाको NPR {amount} लिइयो: {reason}"),
        "rental_lost": ("The power bank is noted as lost.", "पावर बैंक हराएको मानियो।"),
        "slot_opened": ("Slot {slot_number} is told to open once more.", "स्लट {slot_number} फेरि खोल्न भनिएको छ।"),
        "message_resent": ("A message was sent again to {masked}.", "{masked} मा सन्देश फेरि पठाइयो।"),
        "code_resent": ("A code was sent again to {masked}.", "{masked} मा कोड फेरि पठाइयो।"),
        "merged_into": ("This conversation goes on in another one.", "यो कुराकानी अर्को कुराकानीमा जारी छ।"),
        "merged_from": ("Another conversation was merged into this one.", "अर्को कुराकानी यसैमा गाभियो।"),
    }
)


def note_act(line: str, *, user_id: UUID, values: Mapping[str, object], rental_id: UUID | None, now: datetime) -> None:
    """Write what staff did into the conversation of its person that it belongs to, if there is one.

    That is the one about the rental, or else the one in which something was said last.
    """
    query = (
        select(Conversation.id)
        .where(
            Conversation.user_id == user_id,
            Conversation.side == Side.RIDER,  # what somebody rents is no matter of a venue
            Conversation.status != Status.CLOSED,
        )
        .order_by(
            ((Conversation.subject == Subject.RENTAL) & (Conversation.subject_id == rental_id)).desc().nulls_last(),
            Conversation.last_message_id.desc(),
        )
        .limit(1)
    )
    conversation_id = open_session().scalar(query)
    if conversation_id is None:
        return
    tell_in_conversation(conversation_id, line, values, now=now)


def tell_in_conversation(conversation_id: UUID, line: str, values: Mapping[str, object], *, now: datetime) -> None:
    """Write what staff did inside a conversation into it, unless it has closed meanwhile."""
    conversation = threads.lock_conversation(conversation_id)
    if conversation.status != Status.CLOSED:
        write_line(conversation, line, values, now=now)


def write_line(conversation: Conversation, line: str, values: Mapping[str, object], *, now: datetime) -> None:
    """Write a line into a locked conversation."""
    english, nepali = TEXTS[line]
    text = (nepali if conversation.language == "ne" else english).format_map(_shown(values))
    threads.append_message(conversation, sender=Sender.SYSTEM, text=text, now=now)


def _shown(values: Mapping[str, object]) -> dict[str, object]:
    return {
        name: format_amount(abs(value)) if name == "amount" and isinstance(value, int) else value
        for name, value in values.items()
    }
