"""How a code reaches its asker. It is in the message and nowhere else."""

from typing import Any
from uuid import UUID

from flask import current_app

from powerbank.auth import otp
from powerbank.auth.people_models import OtpChallenge
from powerbank.db import db, open_session, utcnow
from powerbank.errors import PermanentError
from powerbank.integrations.smtp import client as smtp
from powerbank.integrations.sparrow import client as sparrow
from powerbank.users.models import Kind

TEXT = "{code} is your Powerbank code. It is valid for 5 minutes. Never tell it to anybody."


def is_wanted(challenge_id: UUID) -> bool:
    """Not replaced, used or expired since it was asked for."""
    challenge = db.session.get(OtpChallenge, challenge_id)
    return challenge is not None and challenge.ended_at is None and challenge.expires_at > utcnow()


def send(challenge_id: UUID) -> dict[str, Any]:
    challenge = db.session.get_one(OtpChallenge, challenge_id)
    kind, to = challenge.kind, challenge.identifier
    db.session.rollback()  # no transaction stays open while the vendor takes its time
    text = TEXT.format(code=otp.code_of(challenge_id))
    settings = current_app.config["SETTINGS"]
    if kind == Kind.PHONE:
        if settings.sms_url is None:
            raise PermanentError("SMS_URL is not set")
        token = settings.sms_token.get_secret_value()
        sparrow.send(url=settings.sms_url, token=token, sender=settings.sms_sender, to=to, text=text)
    else:
        if settings.smtp_url is None:
            raise PermanentError("SMTP_URL is not set")
        smtp.send(url=settings.smtp_url, sender=settings.mail_from, to=to, subject="Your Powerbank code", text=text)
    return {}


def note_sent(challenge_id: UUID) -> None:
    challenge = open_session().get(OtpChallenge, challenge_id)
    if challenge is not None:
        challenge.sent_at = utcnow()
