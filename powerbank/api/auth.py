"""Who is asking, and may they. Routes declare it; nothing else checks.

    @staff_only("content.write")
    def post(...): ...

Domains tell at start-up how a principal is looked up (`register_staff_loader`), so this file knows none.
"""

import functools
from collections.abc import Callable
from typing import Any, Protocol, cast
from uuid import UUID

from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager, get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from powerbank.errors import AppError

jwt = JWTManager()

STAFF_AUDIENCE = "powerbank-staff"
USER_AUDIENCE = "powerbank-app"
REQUIRED_CLAIMS = ("exp", "iat", "jti", "sub", "aud")


class Staff(Protocol):
    """What routes need to know of a member of staff."""

    @property
    def id(self) -> UUID: ...
    @property
    def email(self) -> str: ...
    @property
    def role(self) -> str: ...
    def may(self, permission: str) -> bool: ...


class UnauthenticatedError(AppError):
    def __init__(self) -> None:
        super().__init__("unauthenticated", 401, "Sign in first; the access token is missing, wrong or expired.")


def init_app(app: Flask) -> None:
    jwt.init_app(app)


def register_staff_loader(app: Flask, load: Callable[[str, int | None], Staff | None]) -> None:
    app.extensions["staff_loader"] = load


def register_user_loader(app: Flask, load: Callable[[str, str], UUID | None]) -> None:
    """`load(user id, session id)` answers the id while that sign-in lasts."""
    app.extensions["user_loader"] = load


def user_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Only a signed-in person."""

    @functools.wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        claims = _claims(USER_AUDIENCE)
        user_id = current_app.extensions["user_loader"](claims["sub"], str(claims.get("sid")))
        if user_id is None:
            raise UnauthenticatedError
        g.user_id = user_id
        return view(*args, **kwargs)

    note_for_document(wrapper, permission="user")
    return wrapper


def current_user_id() -> UUID:
    """The person that `user_only` let in."""
    return cast(UUID, g.user_id)


def staff_only(permission: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only staff whose role has the permission. A test reads it back from every route."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if not _staff_of_token().may(permission):
                raise AppError("forbidden", 403, "Your role does not allow this.")
            return view(*args, **kwargs)

        note_for_document(wrapper, permission=permission)
        return wrapper

    return decorate


def note_for_document(view: Any, **notes: Any) -> None:
    """Adds to what flask-smorest knows of a view; `powerbank.api.openapi` turns it into the document."""
    view._apidoc = {**getattr(view, "_apidoc", {}), **notes}


def current_staff() -> Staff:
    """The member of staff that `staff_only` let in."""
    return cast(Staff, g.staff)


def principal() -> str:
    """A name for the caller that no other caller has."""
    if "staff" in g:
        return f"staff:{g.staff.id}"
    if "user_id" in g:
        return f"user:{g.user_id}"
    return f"address:{request.remote_addr}"


def _staff_of_token() -> Staff:
    claims = _claims(STAFF_AUDIENCE)
    staff = cast("Staff | None", current_app.extensions["staff_loader"](claims["sub"], claims.get("gen")))
    if staff is None:
        raise UnauthenticatedError
    g.staff = staff
    return staff


def _claims(audience: str) -> dict[str, Any]:
    try:
        verify_jwt_in_request()
        claims: dict[str, Any] = get_jwt()
    except (JWTExtendedException, PyJWTError) as refused:
        raise UnauthenticatedError from refused
    if any(claims.get(name) is None for name in REQUIRED_CLAIMS) or claims["aud"] != audience:
        raise UnauthenticatedError
    return claims
