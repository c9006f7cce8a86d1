"""How a code reaches its asker. It is in the message and nowhere else."""

from uuid import UUID

from powerbank.auth.people import otp
from powerbank.auth.people.models import OtpChallenge
from powerbank.base.db import open_session, utcnow
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.people.services import CHANNEL_OF
from powerbank.notifications.templates import composing
from powerbank.users.models import IdentifierKind


def begin(challenge_id: UUID, delivery_id: UUID) -> Message | None:
    """One more try: the message, or None when the code was used, guessed at or expired since it was asked for."""
    challenge = open_session().get(OtpChallenge, challenge_id)
    if challenge is None or challenge.ended_at is not None or challenge.expires_at <= utcnow():
        deliveries.note_failure(delivery_id, "not wanted any more", final=True)
        return None
    if deliveries.count_try(delivery_id) is None:
        return None
    channel = CHANNEL_OF[IdentifierKind(challenge.kind)]
    words = composing.words(Type.OTP, channel, {"code": otp.code_of(challenge_id)}, challenge.language)
    return Message(
        channel,
        challenge.identifier,
        words.title,
        words.body,
        str(delivery_id),
        language=challenge.language,
    )
