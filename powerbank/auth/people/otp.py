"""One-time codes: asked for, sent by a job, verified once.

The code is a truncated HMAC of the challenge's id. So it stands in no job and no row, and a retry sends the same one.
"""

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import phonenumbers
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from config import Settings
from powerbank.api.rate_limits import forget_hits, hit_all_or_refuse
from powerbank.auth.people import requesters
from powerbank.auth.people.errors import VerificationExpiredError
from powerbank.auth.people.models import OtpChallenge, Standing
from powerbank.base.db import open_session, utcnow
from powerbank.base.errors import AppError
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import Channel, Delivery
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import CHANNEL_OF
from powerbank.notifications.templates import composition
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.users.identifiers import ContactAddress, mask_contact_address
from powerbank.users.models import IdentifierKind

VALID_SECONDS = 300
RESEND_SECONDS = 60
TRIES = 5
REQUESTS_PER_HOUR = 5
# There are a million codes, so a guesser who tries this many in each hour is right once in 40,000 hours.
WRONG_CODES_PER_HOUR = TRIES * REQUESTS_PER_HOUR
LINK = "link"


def derive_code(challenge_id: UUID) -> str:
    key = current_app.config["SETTINGS"].otp_key.get_secret_value().encode()
    digest = hmac.digest(key, challenge_id.bytes, hashlib.sha256)
    return f"{int.from_bytes(digest[-8:], 'big') % 1_000_000:06d}"


@contextmanager
def limited_code_request(
    contact: ContactAddress, ip_address: str, standing: Standing = Standing.STRANGER
) -> Iterator[None]:
    """Count a request for a code before anything is written, and refuse it where a limit is reached.

    Where the database could not write the challenge, its requester need not wait a minute to ask again.
    """
    _count_code_request(contact, ip_address, standing)
    try:
        yield
    except DBAPIError:
        forget_hits(*_limit_per_minute(contact, standing))
        raise


def _count_code_request(contact: ContactAddress, ip_address: str, standing: Standing) -> None:
    """Count by contact address, IP address, prefix and day.

    Each standing has limits of its own, so that strangers use up nothing of those who are known. Only the cost of a day
    is one sum for all.
    """
    settings = current_app.config["SETTINGS"]
    if contact.kind is IdentifierKind.PHONE:
        _refuse_unserved_number(contact, settings)
    ease, suffix = settings.ease, _bucket_suffix(standing)
    limits: list[tuple[str, ...]] = [
        _limit_per_minute(contact, standing),
        (f"{REQUESTS_PER_HOUR} per hour", f"otp{suffix}", contact.value),
        (f"{20 * ease} per hour", f"otp-address{suffix}", ip_address),
    ]
    if contact.kind is IdentifierKind.PHONE:
        # Whoever earns by the SMS that others pay for walks through the numbers of one prefix.
        limits.append((f"{100 * ease} per hour", f"otp-prefix{suffix}", contact.value[:-4]))
        limits.append((f"{settings.otp_sms_per_day} per day", "otp-budget"))
    # All or none: a requester who is refused for his own IP address must not use up the tries of somebody's number.
    hit_all_or_refuse(*limits)


def _limit_per_minute(contact: ContactAddress, standing: Standing) -> tuple[str, str, str]:
    return "1 per minute", f"otp{_bucket_suffix(standing)}", contact.value


def _bucket_suffix(standing: Standing) -> str:
    return "" if standing is Standing.STRANGER else f"-{standing}"


def _refuse_unserved_number(number: ContactAddress, settings: Settings) -> None:
    if number.country not in settings.otp_served_countries:
        raise AppError("country_not_served", 403, "We do not send codes to this country.")
    if not number.value.startswith(settings.otp_served_prefixes):
        raise AppError("number_not_served", 403, "We do not send codes to numbers that begin like this one.")


def create_challenge(
    *,
    contact: ContactAddress,
    purpose: str,
    language: str = "en",
    requested_by: UUID | None = None,
    standing: Standing = Standing.STRANGER,
) -> OtpChallenge:
    """Write a new challenge and enqueue its delivery, whether or not there is an account.

    Earlier challenges stay valid, so a stranger who asks for somebody's code takes away none that is on its way. A
    challenge for linking is of use only to the person who requested it.
    """
    session = open_session()
    challenge = OtpChallenge(
        kind=contact.kind,
        identifier=contact.value,
        purpose=purpose,
        user_id=requested_by,
        language=language,
        asked_from=standing,
        expires_at=utcnow() + timedelta(seconds=VALID_SECONDS),
    )
    session.add(challenge)
    session.flush()
    deliver_code(challenge)
    return challenge


def deliver_code(challenge: OtpChallenge) -> Delivery:
    """Enqueue the delivery of the code of a challenge. One that is delivered again is the same code.

    No subscription tells a code: its person has asked for it, and it is in its message and nowhere else.
    """
    session, kind = open_session(), IdentifierKind(challenge.kind)
    masked = mask_contact_address(kind, challenge.identifier)
    delivery = Delivery(type=NoticeType.OTP, channel=CHANNEL_OF[kind], masked=masked)
    session.add(delivery)
    session.flush()
    challenge.delivery_id = delivery.id
    delivery.job_id = enqueue(
        account_jobs.SEND_OTP,
        expires_at=challenge.expires_at,
        challenge_id=str(challenge.id),
        delivery_id=str(delivery.id),
    )
    return delivery


def begin_delivery(challenge_id: UUID, delivery_id: UUID) -> Message | None:
    """Compose the message for one more try, or None when the code was used, guessed at or expired meanwhile."""
    challenge = open_session().get(OtpChallenge, challenge_id)
    if challenge is None or challenge.ended_at is not None or challenge.expires_at <= utcnow():
        deliveries.note_failure(delivery_id, "not wanted any more", final=True)
        return None
    if deliveries.count_try(delivery_id) is None:
        return None
    channel = CHANNEL_OF[IdentifierKind(challenge.kind)]
    code = derive_code(challenge_id)
    text = composition.compose_text(NoticeType.OTP, channel, {"code": code}, challenge.language)
    body = text.body + _bind_to_site(code) if channel is Channel.SMS else text.body
    return Message(channel, challenge.identifier, text.title, body, str(delivery_id), language=challenge.language)


def _bind_to_site(code: str) -> str:
    """Write the last line by which a phone's browser fills the code in, on our own pages only.

    Browsers do so on secure pages, and so there is none where the service is reached otherwise.
    """
    public = urlsplit(current_app.config["SETTINGS"].public_url)
    return f"\n\n@{public.hostname} #{code}" if public.scheme == "https" else ""


def verify_code(
    challenge_id: UUID, code: str, *, ip_address: str | None = None, requested_by: UUID | None = None
) -> OtpChallenge | None:
    """Find the challenge that this code solves, or None for a wrong code. The caller commits either way, so that each
    try counts.

    `requested_by` is the person who wants to link the contact address; without it this is a sign-in. A challenge for
    the other purpose or of another person is treated as unknown, and no try at it counts. The IP address is known as
    the person's from then on.
    """
    challenge = _lock_challenge(challenge_id)
    now = utcnow()
    if challenge is None or challenge.user_id != requested_by:
        return None
    if challenge.ended_at is not None or challenge.expires_at <= now or _has_too_many_wrong_codes(challenge, now):
        return None
    challenge.tries += 1
    right = hmac.compare_digest(derive_code(challenge.id), code)
    if right or challenge.tries >= TRIES:
        challenge.ended_at = now
    if not right:
        return None
    challenge.verified_at = now
    if challenge.delivery_id is not None:
        deliveries.note_arrival(challenge.delivery_id)
    if ip_address is not None:
        requesters.remember_ip_address(contact_of_challenge(challenge), ip_address=ip_address, now=now)
    return challenge


def _has_too_many_wrong_codes(challenge: OtpChallenge, now: datetime) -> bool:
    """Say whether the last hour had as many wrong codes as it may, over all challenges of this contact and standing.

    The limits of requests come to the same number; this rule holds although Redis may forget them.
    """
    session = open_session()
    # Tries at two challenges of one contact wait for each other, so that each counts those before it.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(challenge.identifier, 0))))
    wrong_codes = session.scalar(
        select(func.coalesce(func.sum(OtpChallenge.tries) - func.count(OtpChallenge.verified_at), 0)).where(
            OtpChallenge.identifier == challenge.identifier,
            OtpChallenge.asked_from == challenge.asked_from,
            OtpChallenge.created_at > now - timedelta(hours=1),
        )
    )
    return (wrong_codes or 0) >= WRONG_CODES_PER_HOUR


def spend_verification(challenge_id: UUID, *, within: timedelta) -> OtpChallenge:
    """Use a verification for what it allows, once."""
    challenge = _lock_challenge(challenge_id)
    now = utcnow()
    usable = challenge is not None and challenge.verified_at is not None and challenge.verified_at > now - within
    if challenge is None or not usable or challenge.spent_at is not None:
        raise VerificationExpiredError
    challenge.spent_at = now
    return challenge


def _lock_challenge(challenge_id: UUID) -> OtpChallenge | None:
    found: OtpChallenge | None = open_session().scalar(
        select(OtpChallenge).where(OtpChallenge.id == challenge_id).with_for_update()
    )
    return found


def contact_of_challenge(challenge: OtpChallenge) -> ContactAddress:
    if challenge.kind == IdentifierKind.EMAIL:
        return ContactAddress(IdentifierKind.EMAIL, challenge.identifier)
    number = phonenumbers.parse(challenge.identifier)
    return ContactAddress(IdentifierKind.PHONE, challenge.identifier, phonenumbers.region_code_for_number(number))
