"""Guards: who is asking, and may they. Routes declare their guard, and nothing else checks.

    @staff_only("content.write")
    def post(...): ...

`powerbank.wiring` says how a principal is looked up (`register_staff_loader`), so this file knows none.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Protocol, cast
from uuid import UUID

import jwt as pyjwt
from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager
from jwt.types import Options

from powerbank.api.openapi import note_for_document
from powerbank.base.audit import staff_actor
from powerbank.base.clock import utcnow
from powerbank.base.errors import AppError

jwt = JWTManager()

STAFF_AUDIENCE = "powerbank-staff"
USER_AUDIENCE = "powerbank-app"
# Of people whose account is blocked: they write to support about money that is theirs, and may do nothing else.
BLOCKED_AUDIENCE = "powerbank-support"
# Seconds by which the clocks of two hosts may differ before either has heard the database's.
LEEWAY = 60
# Own password, second factor and sessions: open to staff who must first put these in order.
OWN_ACCOUNT = "account.manage"
SIGNED_IN = "signed in"  # a person or staff
_AUDIENCES = [USER_AUDIENCE, STAFF_AUDIENCE, BLOCKED_AUDIENCE]
_TIMELESS: Options = {
    "require": ["exp", "iat", "jti", "sub", "aud"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


class Staff(Protocol):
    """A member of staff, as far as routes need to know one."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def session_id(self) -> UUID: ...
    @property
    def unfinished(self) -> str | None: ...
    def may(self, permission: str) -> bool: ...


class UnauthenticatedError(AppError):
    def __init__(self) -> None:
        super().__init__("unauthenticated", 401, "Sign in first; the access token is missing, wrong or expired.")


def init_app(app: Flask) -> None:
    jwt.init_app(app)


class UnfinishedError(AppError):
    def __init__(self, code: str) -> None:
        super().__init__(code, 403, UNFINISHED[code])


UNFINISHED = {
    "password_change_required": "Choose a password of your own first.",
    "totp_enrolment_required": "Enrol an authenticator app first.",
}


def register_staff_loader(app: Flask, load: Callable[[str, str], Staff | None]) -> None:
    """`load(staff id, session id)` answers the member while that sign-in lasts."""
    app.extensions["staff_loader"] = load


def register_user_loader(
    app: Flask, load: Callable[[str, str], UUID | None], load_blocked: Callable[[str], UUID | None]
) -> None:
    """`load(user id, session id)` answers the id while that sign-in lasts; `load_blocked(id)` while it is blocked."""
    app.extensions["user_loader"], app.extensions["blocked_loader"] = load, load_blocked


def user_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in only a person who is signed in."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        _sign_in(_claims(USER_AUDIENCE))
        return view(*args, **kwargs)

    note_for_document(wrapper, permission="user")
    return wrapper


def user_also_blocked(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in a person who is signed in, or whose account is blocked and who has proved lately that it is theirs."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        claims = _claims(USER_AUDIENCE, BLOCKED_AUDIENCE)
        (_admit_blocked if claims["aud"] == BLOCKED_AUDIENCE else _sign_in)(claims)
        return view(*args, **kwargs)

    note_for_document(wrapper, permission="user", also_blocked=True)
    return wrapper


def came_blocked() -> bool:
    """Tell whether the account of the person whom `user_also_blocked` let in is blocked."""
    return bool(g.get("is_blocked", False))


def open_to_all(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in anybody, signed in or not. A bad token is refused all the same: whoever sends one wants to be known, and
    would take the answer for their own."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if "Authorization" in request.headers:
            claims = _claims(USER_AUDIENCE, STAFF_AUDIENCE)
            if claims["aud"] == STAFF_AUDIENCE:
                _admit_staff(claims)
            else:
                _sign_in(claims)
        return view(*args, **kwargs)

    note_for_document(wrapper, sign_in_optional=True)
    return wrapper


def person_or_staff(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in whoever is signed in, a person or staff. The view decides what each may see."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        claims = _claims(USER_AUDIENCE, STAFF_AUDIENCE)
        if claims["aud"] == USER_AUDIENCE:
            _sign_in(claims)
        elif (unfinished := _admit_staff(claims).unfinished) is not None:
            raise UnfinishedError(unfinished)
        return view(*args, **kwargs)

    note_for_document(wrapper, permission=SIGNED_IN)
    return wrapper


def known_user_id() -> UUID | None:
    """Give the person whom `open_to_all` let in, if one is signed in."""
    return cast("UUID | None", g.get("user_id"))


def known_staff() -> Staff | None:
    return cast("Staff | None", g.get("staff"))


def current_user_id() -> UUID:
    """Give the person whom `user_only` let in."""
    return cast(UUID, g.user_id)


def current_session_id() -> UUID:
    """Give the sign-in through which that person came."""
    return cast(UUID, g.session_id)


def require_user() -> UUID:
    """Require a signed-in person, in a route that needs one only for some of its requests."""
    _sign_in(_claims(USER_AUDIENCE))
    return current_user_id()


def staff_only(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let in only staff whose role has the permission. A test reads the permission back from every route."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            staff = _admit_staff(_claims(STAFF_AUDIENCE))
            if not staff.may(permission):
                raise AppError("forbidden", 403, "Your role does not allow this.")
            if staff.unfinished and permission != OWN_ACCOUNT:
                raise UnfinishedError(staff.unfinished)
            return view(*args, **kwargs)

        note_for_document(wrapper, permission=permission)
        return wrapper

    return decorate


def current_staff() -> Staff:
    """Give the member of staff whom `staff_only` let in."""
    return cast(Staff, g.staff)


def staff_named_by_token() -> UUID | None:
    """Give the member of staff whose access token came along, in a route that works without one too."""
    return _admit_staff(_claims(STAFF_AUDIENCE)).id if "Authorization" in request.headers else None


def validity_claims(lasts: timedelta) -> dict[str, datetime]:
    """Make the claims that say when a token is valid, by the database's clock: the package would ask this host's."""
    now = utcnow()
    return {"iat": now, "nbf": now, "exp": now + lasts}


def principal() -> str:
    """Name the caller as no other caller is named."""
    if "staff" in g:
        return staff_actor(g.staff.id)
    if "user_id" in g:
        return f"user:{g.user_id}"
    return f"address:{request.remote_addr}"


def token_bearer() -> str | None:
    """Name the owner of a good token, if one came along, without asking whether its sign-in still lasts."""
    if "Authorization" not in request.headers:
        return None
    try:
        claims = _claims(USER_AUDIENCE, STAFF_AUDIENCE, BLOCKED_AUDIENCE)
    except UnauthenticatedError:
        return None
    return f"{claims['aud']}:{claims['sub']}"


def _sign_in(claims: dict[str, Any]) -> None:
    session_id = str(claims.get("sid"))
    user_id = current_app.extensions["user_loader"](claims["sub"], session_id)
    if user_id is None:
        raise UnauthenticatedError
    g.user_id, g.session_id = user_id, UUID(session_id)


def _admit_blocked(claims: dict[str, Any]) -> None:
    user_id = current_app.extensions["blocked_loader"](claims["sub"])
    if user_id is None:
        raise UnauthenticatedError
    g.user_id, g.is_blocked = user_id, True


def _admit_staff(claims: dict[str, Any]) -> Staff:
    staff = cast("Staff | None", current_app.extensions["staff_loader"](claims["sub"], str(claims.get("sid"))))
    if staff is None:
        raise UnauthenticatedError
    g.staff = staff
    return staff


def _claims(*audiences: str) -> dict[str, Any]:
    claims = read_claims(request.headers.get("Authorization", ""), current_app.config["JWT_SECRET_KEY"])
    if claims["aud"] not in audiences:
        raise UnauthenticatedError
    return claims


def read_claims(authorization: str, key: str) -> dict[str, Any]:
    """Read the claims of an access token with PyJWT: Flask-JWT-Extended, which issues them, takes each apart thrice."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer":
        raise UnauthenticatedError
    try:
        signed = _signed(token.strip(), key)
    except pyjwt.PyJWTError as refused:
        raise UnauthenticatedError from refused
    now = utcnow().timestamp()
    if not signed.begins - LEEWAY <= now < signed.ends + LEEWAY or signed.claims.get("type") != "access":
        raise UnauthenticatedError
    return dict(signed.claims)


@dataclass(frozen=True)
class _Signed:
    claims: Mapping[str, Any]
    begins: int
    ends: int


@lru_cache(maxsize=2048)
def _signed(token: str, key: str) -> _Signed:
    """Read a token that is signed and made for our routes. It stays so however often an app shows it, and an app shows
    it with each request; only whether its time is over must be asked again."""
    claims = pyjwt.decode(token, key, algorithms=["HS256"], audience=_AUDIENCES, options=_TIMELESS)
    try:
        begins, ends = max(int(claims["iat"]), int(claims.get("nbf", 0))), int(claims["exp"])
    except (TypeError, ValueError, OverflowError) as error:
        raise pyjwt.DecodeError("a time is a number") from error
    return _Signed(claims, begins, ends)
