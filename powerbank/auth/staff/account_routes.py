"""A member of staff's own password, second factor and sessions."""

from typing import Any, cast
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import OWN_ACCOUNT, current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import administration, services, totp
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffSession
from powerbank.auth.staff.routes import forgive_guesses, limit_guesses
from powerbank.auth.staff.schemas import (
    EnrolmentSchema,
    LanguageSchema,
    PasswordSchema,
    RecoveryCodesSchema,
    StaffSessionSchema,
    TotpCodeSchema,
    TotpRemovalSchema,
)
from powerbank.auth.staff.sessions import SignedIn
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError

blueprint = Blueprint("Own staff account", __name__, url_prefix="/api/admin/auth", description="Staff: my account.")


class WrongPasswordError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_password", 403, "The password or code is wrong.")


@blueprint.route("/sessions")
class Sessions(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(StaffSessionSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Where I am signed in, newest first"""
        query = staff_sessions.living(current_staff().id, now=utcnow())
        return page(query, StaffSession.id, descending=True, **arguments)


@blueprint.route("/sessions/<uuid:session_id>")
class SessionItem(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.response(204)
    def delete(self, session_id: UUID) -> None:
        """Sign out there"""
        with transaction():
            staff_sessions.end(session_id, staff_id=current_staff().id, now=utcnow())
            audit.by_staff("staff.end_session", "staff", current_staff().id, new={"session_id": str(session_id)})


@blueprint.post("/password")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(PasswordSchema)
@blueprint.response(204)
def password(body: dict[str, str]) -> None:
    """Change my password; signs out everywhere else"""
    change_password(myself(), current=body["current"], new=body["new"])


@blueprint.put("/language")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(LanguageSchema)
@blueprint.response(200, LanguageSchema)
def language(body: dict[str, str]) -> dict[str, str]:
    """Choose the language of the mail to me"""
    choose_language(body["language"])
    return body


@blueprint.route("/totp")
class Totp(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.response(200, EnrolmentSchema)
    def post(self) -> dict[str, str]:
        """Begin with an authenticator app; it counts once confirmed"""
        with transaction():
            secret = services.begin_totp(current_staff().id)
        uri = totp.uri(secret, current_staff().email)
        return {"secret": secret, "otpauth_uri": uri, "qr_svg": totp.qr_svg(uri)}

    @staff_only(OWN_ACCOUNT)
    @blueprint.arguments(TotpRemovalSchema)
    @blueprint.response(204)
    def delete(self, body: dict[str, str]) -> None:
        """Remove my authenticator app; signs out everywhere else"""
        remove_totp(myself(), password=body["password"], code=body["code"])


@blueprint.post("/totp/confirm")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(TotpCodeSchema)
@blueprint.response(200, RecoveryCodesSchema)
def confirm(body: dict[str, str]) -> dict[str, list[str]]:
    """Prove the authenticator app with a code; the recovery codes are shown this once"""
    return {"recovery_codes": confirm_totp(myself(), code=body["code"])}


def myself() -> SignedIn:
    return cast(SignedIn, current_staff())


def choose_language(language: str) -> None:
    me = current_staff().id
    with transaction():
        old = administration.choose_language(me, language)
        audit.by_staff("staff.language", "staff", me, old={"language": old}, new={"language": language})


def change_password(staff: SignedIn, *, current: str, new: str) -> None:
    if current == new:
        told = "Choose another password than before."
        raise AppError("password_unchanged", 422, told, errors={"new": [told]})
    limit_guesses(staff.email)
    proof = services.verified_hash(email=staff.email, password=current)
    with transaction():
        changed = services.change_password(staff, proof=proof, new=new, address=caller_address(), now=utcnow())
        if changed:
            audit.by_staff("staff.change_password", "staff", staff.id)
    if not changed:
        raise WrongPasswordError
    forgive_guesses(staff.email)


def confirm_totp(staff: SignedIn, *, code: str) -> list[str]:
    with transaction():
        codes = services.confirm_totp(staff, code=code, now=utcnow())
        audit.by_staff("staff.enable_totp", "staff", staff.id, old={"totp": False}, new={"totp": True})
    return codes


def remove_totp(staff: SignedIn, *, password: str, code: str) -> None:
    limit_guesses(staff.email)
    proof = services.verified_hash(email=staff.email, password=password)
    with transaction():
        removed = services.remove_totp(staff, proof=proof, code=code, address=caller_address(), now=utcnow())
        if removed:
            audit.by_staff("staff.disable_totp", "staff", staff.id, old={"totp": True}, new={"totp": False})
    if not removed:
        raise WrongPasswordError
    forgive_guesses(staff.email)
