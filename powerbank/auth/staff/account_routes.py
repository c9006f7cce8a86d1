"""A member of staff's own password, second factor, language and sessions."""

from typing import Any, cast
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import OWN_ACCOUNT, current_staff, staff_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import lockout, passwords, queries, services, totp
from powerbank.auth.staff.errors import WrongPasswordError
from powerbank.auth.staff.schemas import (
    EnrolmentSchema,
    LanguageSchema,
    PasswordSchema,
    RecoveryCodesSchema,
    StaffSessionSchema,
    TotpCodeSchema,
    TotpRemovalSchema,
)
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base.db import transaction, utcnow

blueprint = Blueprint("Own staff account", __name__, url_prefix="/api/admin/auth", description="Staff: my account.")


@blueprint.route("/sessions")
class Sessions(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(StaffSessionSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Where I am signed in, newest first"""
        return queries.list_live_sessions(current_staff().id, now=utcnow(), **arguments)


@blueprint.route("/sessions/<uuid:session_id>")
class SessionItem(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.response(204)
    def delete(self, session_id: UUID) -> None:
        """Sign out there"""
        with transaction():
            services.end_session(_myself(), session_id, now=utcnow())


@blueprint.post("/password")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(PasswordSchema)
@blueprint.response(204)
def password(body: dict[str, str]) -> None:
    """Change my password; signs out everywhere else"""
    myself, ip_address = _myself(), caller_address()
    passwords.refuse_unchanged(current=body["current"], new=body["new"])
    lockout.count_try(myself.email, ip_address)
    proof = services.verify_password(email=myself.email, password=body["current"])
    with transaction():
        changed = services.change_password(myself, proof=proof, new=body["new"], ip_address=ip_address, now=utcnow())
    if not changed:
        raise WrongPasswordError
    lockout.forgive_tries(myself.email, ip_address)


@blueprint.put("/language")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(LanguageSchema)
@blueprint.response(200, LanguageSchema)
def language(body: dict[str, str]) -> dict[str, str]:
    """Choose the language of the mail to me"""
    with transaction():
        services.choose_language(_myself(), body["language"])
    return body


@blueprint.route("/totp")
class Totp(MethodView):
    @staff_only(OWN_ACCOUNT)
    @blueprint.response(200, EnrolmentSchema)
    def post(self) -> dict[str, str]:
        """Begin with an authenticator app; it counts once confirmed"""
        with transaction():
            secret = services.begin_totp(current_staff().id)
        uri = totp.make_provisioning_uri(secret, current_staff().email)
        return {"secret": secret, "otpauth_uri": uri, "qr_svg": totp.draw_qr_code(uri)}

    @staff_only(OWN_ACCOUNT)
    @blueprint.arguments(TotpRemovalSchema)
    @blueprint.response(204)
    def delete(self, body: dict[str, str]) -> None:
        """Remove my authenticator app; signs out everywhere else"""
        myself, ip_address = _myself(), caller_address()
        lockout.count_try(myself.email, ip_address)
        proof = services.verify_password(email=myself.email, password=body["password"])
        with transaction():
            removed = services.remove_totp(myself, proof=proof, code=body["code"], ip_address=ip_address, now=utcnow())
        if not removed:
            raise WrongPasswordError
        lockout.forgive_tries(myself.email, ip_address)


@blueprint.post("/totp/confirm")
@staff_only(OWN_ACCOUNT)
@blueprint.arguments(TotpCodeSchema)
@blueprint.response(200, RecoveryCodesSchema)
def confirm(body: dict[str, str]) -> dict[str, list[str]]:
    """Prove the authenticator app with a code; the recovery codes are shown this once"""
    with transaction():
        return {"recovery_codes": services.confirm_totp(_myself(), code=body["code"], now=utcnow())}


def _myself() -> SignedInStaff:
    return cast(SignedInStaff, current_staff())
