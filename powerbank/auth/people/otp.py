"""One-time codes: asked for, sent by a job, verified once.

The code is a truncated HMAC of the challenge's id, so that it travels in no job and a retry sends the same.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID

import phonenumbers
from flask import current_app
from sqlalchemy import func, select

from config import Settings
from powerbank.api.rate_limits import forget_hits, hit_all_or_refuse
from powerbank.auth.people import requesters
from powerbank.auth.people.models import OtpChallenge
from powerbank.auth.people.requesters import Standing
from powerbank.base.db import open_session, utcnow
from powerbank.base.errors import AppError
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.addresses import masked
from powerbank.notifications.models import Delivery
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.people.services import CHANNEL_OF
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.users.identifiers import ContactAddress
from powerbank.users.models import IdentifierKind

VALID_SECONDS = 300
RESEND_SECONDS = 60
TRIES = 5
ASKED_PER_HOUR = 5
# Of a million codes, for each standing of askers: a guess comes true in one of 40,000 hours.
WRONG_PER_HOUR = TRIES * ASKED_PER_HOUR
LINK = "link"


class WrongCodeError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_code", 401, "This code is wrong or no longer valid. Ask for a new one.")


def code_of(challenge_id: UUID) -> str:
    key = current_app.config["SETTINGS"].otp_key.get_secret_value().encode()
    digest = hmac.digest(key, challenge_id.bytes, hashlib.sha256)
    return f"{int.from_bytes(digest[-8:], 'big') % 1_000_000:06d}"


def limit_asking(address: ContactAddress, ip: str, standing: Standing = Standing.STRANGER) -> None:
    """Before anything is written: what costs money is counted where nobody can talk their way round.

    Each standing has as much as the others, so that strangers use up nothing of those who are known. What a day may
    cost is one sum for all.
    """
    settings = current_app.config["SETTINGS"]
    if address.kind is IdentifierKind.PHONE:
        _refuse_unserved(address, settings)
    ease, kept = settings.ease, _kept_for(standing)
    limits: list[tuple[str, ...]] = [
        _once_a_minute(address, standing),
        (f"{ASKED_PER_HOUR} per hour", f"otp{kept}", address.value),
        (f"{20 * ease} per hour", f"otp-address{kept}", ip),
    ]
    if address.kind is IdentifierKind.PHONE:
        # Pumping fraud walks through the numbers of one prefix.
        limits.append((f"{100 * ease} per hour", f"otp-prefix{kept}", address.value[:-4]))
        limits.append((f"{settings.otp_sms_per_day} per day", "otp-budget"))
    # All or none: a caller who is refused for his own address must not use up the tries of somebody else's number.
    hit_all_or_refuse(*limits)


def forgive_asking(address: ContactAddress, standing: Standing) -> None:
    """The code could not be written down, so its asker need not wait a minute to ask again. The hour still counts."""
    forget_hits(*_once_a_minute(address, standing))


def _once_a_minute(address: ContactAddress, standing: Standing) -> tuple[str, str, str]:
    return "1 per minute", f"otp{_kept_for(standing)}", address.value


def _kept_for(standing: Standing) -> str:
    return "" if standing is Standing.STRANGER else f"-{standing}"


def _refuse_unserved(number: ContactAddress, settings: Settings) -> None:
    if number.country not in settings.otp_served_countries:
        raise AppError("country_not_served", 403, "We do not send codes to this country.")
    if not number.value.startswith(settings.otp_served_prefixes):
        raise AppError("number_not_served", 403, "We do not send codes to numbers that begin like this one.")


def ask(
    *,
    address: ContactAddress,
    purpose: str,
    language: str = "en",
    asker: UUID | None = None,
    standing: Standing = Standing.STRANGER,
) -> OtpChallenge:
    """A new challenge. The same whether or not there is an account.

    Those before it stay good: a stranger who asks for somebody's code takes away none that is on its way. One for
    linking has an asker, and is of use to that person only.
    """
    session = open_session()
    challenge = OtpChallenge(
        kind=address.kind,
        identifier=address.value,
        purpose=purpose,
        user_id=asker,
        language=language,
        asked_from=standing,
        expires_at=utcnow() + timedelta(seconds=VALID_SECONDS),
    )
    delivery = Delivery(type=Type.OTP, channel=CHANNEL_OF[address.kind], masked=masked(address.kind, address.value))
    session.add_all([challenge, delivery])
    session.flush()
    challenge.delivery_id = delivery.id
    delivery.job_id = enqueue(
        account_jobs.SEND_OTP,
        expires_at=challenge.expires_at,
        challenge_id=str(challenge.id),
        delivery_id=str(delivery.id),
    )
    return challenge


def verify(challenge_id: UUID, code: str, *, at: str | None = None, asker: UUID | None = None) -> OtpChallenge | None:
    """The challenge, or None for a wrong code; the caller commits either way, so that each try counts.

    `asker` is who wants to link the address; without one it is a sign-in. A challenge asked for the other purpose, or
    by another person, is none, and no try at it counts. The address `at` which it is verified is known from then on.
    """
    challenge = open_session().scalar(select(OtpChallenge).where(OtpChallenge.id == challenge_id).with_for_update())
    now = utcnow()
    if challenge is None or challenge.user_id != asker:
        return None
    if challenge.ended_at is not None or challenge.expires_at <= now or _guessed_out(challenge, now):
        return None
    challenge.tries += 1
    right = hmac.compare_digest(code_of(challenge.id), code)
    if right or challenge.tries >= TRIES:
        challenge.ended_at = now
    if not right:
        return None
    challenge.verified_at = now
    if challenge.delivery_id is not None:
        deliveries.note_arrival(challenge.delivery_id)
    if at is not None:
        requesters.remember(address_of(challenge), address=at, now=now)
    return challenge


def _guessed_out(challenge: OtpChallenge, now: datetime) -> bool:
    """Whether as many wrong codes were tried in an hour as can be, over all challenges of the number that were asked
    for as this one was. Limits of asking come to the same; this holds although they are forgotten with Redis."""
    session = open_session()
    # Tries at two challenges of one number come one after the other, so that each counts those before it.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(challenge.identifier, 0))))
    wrong = session.scalar(
        select(func.coalesce(func.sum(OtpChallenge.tries) - func.count(OtpChallenge.verified_at), 0)).where(
            OtpChallenge.identifier == challenge.identifier,
            OtpChallenge.asked_from == challenge.asked_from,
            OtpChallenge.created_at > now - timedelta(hours=1),
        )
    )
    return (wrong or 0) >= WRONG_PER_HOUR


def spend(challenge_id: UUID, *, within: timedelta) -> OtpChallenge:
    """Uses a verification for what it allows, once."""
    challenge = open_session().scalar(select(OtpChallenge).where(OtpChallenge.id == challenge_id).with_for_update())
    now = utcnow()
    usable = challenge is not None and challenge.verified_at is not None and challenge.verified_at > now - within
    if challenge is None or not usable or challenge.spent_at is not None:
        raise AppError("verification_expired", 410, "Verify your number or address again.")
    challenge.spent_at = now
    return challenge


def address_of(challenge: OtpChallenge) -> ContactAddress:
    if challenge.kind == IdentifierKind.EMAIL:
        return ContactAddress(IdentifierKind.EMAIL, challenge.identifier)
    number = phonenumbers.parse(challenge.identifier)
    return ContactAddress(IdentifierKind.PHONE, challenge.identifier, phonenumbers.region_code_for_number(number))
