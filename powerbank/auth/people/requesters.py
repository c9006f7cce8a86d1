"""Tell who requests a code: a stranger, or somebody who has proved this phone number or e-mail address before.

Strangers share the codes that a number may be sent, so one of them can use them up. This must keep nobody from signing
in: requests from an IP address or a device at which the number was verified before are counted by themselves. An IP
address is known by a keyed digest of it together with the number. A device is known by a token that it got then and
brings along; nothing of it is kept here. Neither says whether there is an account.
"""

from datetime import datetime, timedelta

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.auth.people.models import Standing, VerifiedAddress
from powerbank.base.db import db, open_session
from powerbank.users import identifier_traces
from powerbank.users.identifiers import ContactAddress
from powerbank.users.models import User

REMEMBERED_FOR = timedelta(days=180)


def find_standing(contact: ContactAddress, *, ip_address: str, device_token: str | None, now: datetime) -> Standing:
    if device_token and _proves_device(device_token, contact):
        return Standing.DEVICE
    verified_here = select(VerifiedAddress.verified_at).where(
        VerifiedAddress.identifier == _digest_contact(contact),
        VerifiedAddress.address == _digest_ip_address(contact, ip_address),
        VerifiedAddress.verified_at > now - REMEMBERED_FOR,
    )
    return Standing.STRANGER if db.session.scalar(verified_here) is None else Standing.ADDRESS


def remember_ip_address(contact: ContactAddress, *, ip_address: str, now: datetime) -> None:
    row = {
        "identifier": _digest_contact(contact),
        "address": _digest_ip_address(contact, ip_address),
        "verified_at": now,
    }
    statement = insert(VerifiedAddress).values(row)
    open_session().execute(
        statement.on_conflict_do_update(index_elements=["identifier", "address"], set_={"verified_at": now})
    )


def issue_device_token(contact: ContactAddress) -> str:
    """Make the token for the device on which the contact address was verified just now."""
    return _serializer().dumps(_digest_contact(contact).hex())


def forget_ip_addresses_of_user(user: User) -> None:
    digests = [identifier_traces.digest_identifier(each.kind, each.value) for each in user.identifiers]
    open_session().execute(delete(VerifiedAddress).where(VerifiedAddress.identifier.in_(digests)))


def prune_ip_addresses(*, now: datetime) -> None:
    open_session().execute(delete(VerifiedAddress).where(VerifiedAddress.verified_at <= now - REMEMBERED_FOR))


def _proves_device(token: str, contact: ContactAddress) -> bool:
    try:
        digest = _serializer().loads(token, max_age=int(REMEMBERED_FOR.total_seconds()))
    except BadSignature:
        return False
    return bool(digest == _digest_contact(contact).hex())


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="verified device")


def _digest_contact(contact: ContactAddress) -> bytes:
    return identifier_traces.digest_identifier(contact.kind, contact.value)


def _digest_ip_address(contact: ContactAddress, ip_address: str) -> bytes:
    """Digest both together, so that one IP address does not tell who else has it."""
    return identifier_traces.digest_identifier("sign-in address", f"{contact.value} {ip_address}")
