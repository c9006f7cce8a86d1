"""Who asks for a code: a stranger, or somebody who has proved this number or address before.

Strangers share what codes a number may be sent, so one of them can use it up. That shall keep nobody from signing in:
what is asked for at an address, or on a device, at which the number was verified before is counted by itself. An
address is known by a keyed digest of number and address together; a device by a token that it got then and brings
along, and nothing of it is kept here. Neither says whether there is an account.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.auth.people.models import VerifiedAddress
from powerbank.base.db import db, open_session
from powerbank.users import identifier_traces
from powerbank.users.identifiers import ContactAddress
from powerbank.users.models import User

REMEMBERED = timedelta(days=180)


class Standing(StrEnum):
    STRANGER = "stranger"
    ADDRESS = "address"  # others may share it: those of a mobile network, of an office
    DEVICE = "device"


def standing_of(identifier: ContactAddress, *, address: str, device_token: str | None, now: datetime) -> Standing:
    if device_token and _is_of(device_token, identifier):
        return Standing.DEVICE
    known = select(VerifiedAddress.verified_at).where(
        VerifiedAddress.identifier == _digest_of(identifier),
        VerifiedAddress.address == _digest_of_place(identifier, address),
        VerifiedAddress.verified_at > now - REMEMBERED,
    )
    return Standing.STRANGER if db.session.scalar(known) is None else Standing.ADDRESS


def remember(identifier: ContactAddress, *, address: str, now: datetime) -> None:
    row = {
        "identifier": _digest_of(identifier),
        "address": _digest_of_place(identifier, address),
        "verified_at": now,
    }
    statement = insert(VerifiedAddress).values(row)
    open_session().execute(
        statement.on_conflict_do_update(index_elements=["identifier", "address"], set_={"verified_at": now})
    )


def device_token(identifier: ContactAddress) -> str:
    """For the device on which the number was verified just now."""
    return _tokens().dumps(_digest_of(identifier).hex())


def forget(user: User) -> None:
    digests = [identifier_traces.digest_identifier(each.kind, each.value) for each in user.identifiers]
    open_session().execute(delete(VerifiedAddress).where(VerifiedAddress.identifier.in_(digests)))


def prune(*, now: datetime) -> None:
    open_session().execute(delete(VerifiedAddress).where(VerifiedAddress.verified_at <= now - REMEMBERED))


def _is_of(token: str, identifier: ContactAddress) -> bool:
    try:
        told = _tokens().loads(token, max_age=int(REMEMBERED.total_seconds()))
    except BadSignature:
        return False
    return bool(told == _digest_of(identifier).hex())


def _tokens() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="verified device")


def _digest_of(identifier: ContactAddress) -> bytes:
    return identifier_traces.digest_identifier(identifier.kind, identifier.value)


def _digest_of_place(identifier: ContactAddress, address: str) -> bytes:
    """Of both together: one address tells of nobody that it is theirs too."""
    return identifier_traces.digest_identifier("sign-in address", f"{identifier.value} {address}")
