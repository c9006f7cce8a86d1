"""Sign in, register, or link a further phone number or e-mail address, by a one-time code.

A code that was tried has used up a try, whatever comes of it. So a refusal is returned and not raised: the caller
commits first and raises it then.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature

from powerbank.auth.people import blocked, otp, requesters, sessions
from powerbank.auth.people.errors import VerificationExpiredError, WrongCodeError
from powerbank.auth.tokens import Tokens
from powerbank.base.errors import ConflictError
from powerbank.base.signatures import TimedSerializer
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.users import lifecycle
from powerbank.users import services as users
from powerbank.users.errors import AccountBlockedError
from powerbank.users.identifiers import ContactAddress, mask_contact_address
from powerbank.users.models import User

REGISTER_WITHIN = timedelta(minutes=15)


def sign_in(
    challenge_id: UUID, code: str, *, ip_address: str, user_agent: str | None
) -> dict[str, Any] | WrongCodeError | AccountBlockedError:
    """Sign in the owner of the verified contact address, or give whoever has no account yet a token to register.

    Whose account is blocked is refused, and may still write to support with what comes with the refusal.
    """
    challenge = otp.verify_code(challenge_id, code, ip_address=ip_address)
    if challenge is None:
        return WrongCodeError()
    contact = otp.contact_of_challenge(challenge)
    user = users.find_user_by_contact(contact)
    if user is not None and not users.may_sign_in(user):
        return AccountBlockedError(support_token=blocked.issue_support_token(user))
    answer = {"device_token": requesters.issue_device_token(contact), "registered": user is not None}
    if user is None:
        return answer | {"verification_token": _serializer().dumps(str(challenge.id))}
    return answer | _describe_sign_in(sessions.begin_session(user, user_agent=user_agent), user)


def register(
    *,
    verification_token: str,
    username: str,
    first_name: str | None,
    last_name: str | None,
    referral_code: str | None,
    language: str,
    user_agent: str | None,
) -> dict[str, Any]:
    """Make an account for the contact address that was verified a moment ago, and sign its person in."""
    challenge = otp.spend_verification(_read_verification_token(verification_token), within=REGISTER_WITHIN)
    user = users.create_user(
        contact=otp.contact_of_challenge(challenge),
        username=username,
        first_name=first_name,
        last_name=last_name,
        referral_code=referral_code,
        language=language,
    )
    return _describe_sign_in(sessions.begin_session(user, user_agent=user_agent), user)


def link_contact(
    user_id: UUID, challenge_id: UUID, code: str, *, ip_address: str
) -> User | WrongCodeError | ConflictError:
    """Give the person the contact address that the code was sent to, in the place of the one before.

    That the address belongs to another account is told only to whoever has proved that it is theirs.
    """
    user = users.lock_user(user_id)
    challenge = otp.verify_code(challenge_id, code, ip_address=ip_address, requested_by=user_id)
    if challenge is None:
        return WrongCodeError()
    contact = otp.contact_of_challenge(challenge)
    if user.identifier(contact.kind) == contact.value:
        return user
    try:
        former = users.set_identifier(user, contact)
    except ConflictError as refusal:
        return refusal
    lifecycle.complete_new_address(user_id)
    # Not a line of the subscriptions: this must also reach the former address, which its person has just given up.
    notify(
        user_id=user_id,
        type=NoticeType.ACCOUNT_SECURITY,
        context={"change": contact.kind.value, "masked": mask_contact_address(contact.kind, contact.value)},
        dedup_key=f"identifier:{challenge_id}",
        also_to=[ContactAddress(contact.kind, former)] if former else [],
    )
    return user


def _describe_sign_in(tokens: Tokens, user: User) -> dict[str, Any]:
    return {"access_token": tokens.access_token, "refresh_token": tokens.refresh_token, "user": user}


def _read_verification_token(token: str) -> UUID:
    try:
        return UUID(_serializer().loads(token, max_age=int(REGISTER_WITHIN.total_seconds())))
    except (BadSignature, ValueError):
        raise VerificationExpiredError from None


def _serializer() -> TimedSerializer:
    return TimedSerializer(current_app.config["SECRET_KEY"], salt="verification")
