"""One-time codes: asked for, sent by a job, verified once.

The code is a truncated HMAC of the challenge's id, so that it travels in no job and a retry sends the same.
"""

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

import phonenumbers
from flask import current_app
from sqlalchemy import func, select, update

from config import Settings
from jobs import catalogue
from powerbank.api.rate_limits import hit_all_or_refuse
from powerbank.auth.people_models import OtpChallenge
from powerbank.db import open_session, utcnow
from powerbank.errors import AppError
from powerbank.notifications import deliveries
from powerbank.notifications.addresses import masked
from powerbank.notifications.kinds import Type
from powerbank.notifications.models import Delivery
from powerbank.notifications.services import CHANNEL_OF
from powerbank.queue import enqueue
from powerbank.users.identifiers import Address
from powerbank.users.models import Kind

VALID_SECONDS = 300
RESEND_SECONDS = 60
TRIES = 5
LINK = "link"


class WrongCodeError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_code", 401, "This code is wrong or no longer valid. Ask for a new one.")


def code_of(challenge_id: UUID) -> str:
    key = current_app.config["SETTINGS"].otp_key.get_secret_value().encode()
    digest = hmac.digest(key, challenge_id.bytes, hashlib.sha256)
    return f"{int.from_bytes(digest[-8:], 'big') % 1_000_000:06d}"


def limit_asking(address: Address, ip: str) -> None:
    """Before anything is written: what costs money is counted where nobody can talk their way round."""
    settings = current_app.config["SETTINGS"]
    if address.kind is Kind.PHONE:
        _refuse_unserved(address, settings)
    ease = settings.ease
    limits: list[tuple[str, ...]] = [
        ("1 per minute", "otp", address.value),
        ("5 per hour", "otp", address.value),
        (f"{20 * ease} per hour", "otp-address", ip),
    ]
    if address.kind is Kind.PHONE:
        # Pumping fraud walks through the numbers of one prefix.
        limits.append((f"{100 * ease} per hour", "otp-prefix", address.value[:-4]))
        limits.append((f"{settings.otp_sms_per_day} per day", "otp-budget"))
    # All or none: a caller who is refused for his own address must not use up the tries of somebody else's number.
    hit_all_or_refuse(*limits)


def _refuse_unserved(number: Address, settings: Settings) -> None:
    if number.country not in settings.otp_served_countries:
        raise AppError("country_not_served", 403, "We do not send codes to this country.")
    if not number.value.startswith(settings.otp_served_prefixes):
        raise AppError("number_not_served", 403, "We do not send codes to numbers that begin like this one.")


def ask(*, address: Address, purpose: str, language: str = "en", asker: UUID | None = None) -> OtpChallenge:
    """A new challenge; the ones before it are void. The same whether or not there is an account.

    One for linking has an asker, and is of use to that person only.
    """
    session = open_session()
    now = utcnow()
    # Two that ask for one address at once come one after the other, so that the later voids the earlier.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(address.value, 0))))
    session.execute(
        update(OtpChallenge)
        .where(OtpChallenge.identifier == address.value, OtpChallenge.ended_at.is_(None))
        .values(ended_at=now)
    )
    challenge = OtpChallenge(
        kind=address.kind, identifier=address.value, purpose=purpose, user_id=asker, language=language,
        expires_at=now + timedelta(seconds=VALID_SECONDS),
    )  # fmt: skip
    delivery = Delivery(type=Type.OTP, channel=CHANNEL_OF[address.kind], masked=masked(address.kind, address.value))
    session.add_all([challenge, delivery])
    session.flush()
    challenge.delivery_id = delivery.id
    delivery.job_id = enqueue(
        catalogue.SEND_OTP, expires_at=challenge.expires_at,
        challenge_id=str(challenge.id), delivery_id=str(delivery.id),
    )  # fmt: skip
    return challenge


def verify(challenge_id: UUID, code: str, *, asker: UUID | None = None) -> OtpChallenge | None:
    """The challenge, or None for a wrong code; the caller commits either way, so that each try counts.

    `asker` is who wants to link the address; without one it is a sign-in. A challenge asked for the other purpose, or
    by another person, is none, and no try at it counts.
    """
    challenge = open_session().scalar(select(OtpChallenge).where(OtpChallenge.id == challenge_id).with_for_update())
    now = utcnow()
    if challenge is None or challenge.user_id != asker:
        return None
    if challenge.ended_at is not None or challenge.expires_at <= now:
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
    return challenge


def spend(challenge_id: UUID, *, within: timedelta) -> OtpChallenge:
    """Uses a verification for what it allows, once."""
    challenge = open_session().scalar(select(OtpChallenge).where(OtpChallenge.id == challenge_id).with_for_update())
    now = utcnow()
    usable = challenge is not None and challenge.verified_at is not None and challenge.verified_at > now - within
    if challenge is None or not usable or challenge.spent_at is not None:
        raise AppError("verification_expired", 410, "Verify your number or address again.")
    challenge.spent_at = now
    return challenge


def address_of(challenge: OtpChallenge) -> Address:
    if challenge.kind == Kind.EMAIL:
        return Address(Kind.EMAIL, challenge.identifier)
    number = phonenumbers.parse(challenge.identifier)
    return Address(Kind.PHONE, challenge.identifier, phonenumbers.region_code_for_number(number))
