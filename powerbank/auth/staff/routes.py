"""How staff sign in."""

from typing import Any

from flask import current_app, request
from flask.views import MethodView

from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import caller_address, forget_hits, hit_or_refuse
from powerbank.auth.people.sessions import ACCESS, Tokens
from powerbank.auth.staff import services
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffMember, StaffSession
from powerbank.auth.staff.schemas import StaffLoginSchema, StaffRefreshSchema, StaffTokensSchema
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError

blueprint = Blueprint("Staff sign-in", __name__, url_prefix="/api/admin/auth", description="Staff accounts.")

PER_ADDRESS, PER_ACCOUNT = 20, "10 per 15 minute"


@blueprint.route("/login")
class StaffLogin(MethodView):
    @blueprint.arguments(StaffLoginSchema)
    @blueprint.response(200, StaffTokensSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign a member of staff in; `totp_required` says that the password was right but a code is needed"""
        limit_guesses(body["email"], body["totp"])
        proof = services.verified_hash(email=body["email"], password=body["password"])
        with transaction():
            member = services.admit(
                email=body["email"], proof=proof, code=body["totp"], address=caller_address(), now=utcnow()
            )
            answer = _shown(staff_sessions.issue(begin(member, "api"), member), member) if member else None
        if answer is None:
            raise services.WrongCredentialsError
        forgive_guesses(body["email"])
        return answer


@blueprint.post("/refresh")
@blueprint.arguments(StaffRefreshSchema)
@blueprint.response(200, StaffTokensSchema)
def refresh(body: dict[str, str]) -> dict[str, Any]:
    """New tokens for a refresh token, which is spent by this

    If the answer is lost, the same token gives the same new refresh token once more within 30 seconds, unless that one
    has been used. A spent token that comes in any other way ends the whole sign-in.
    """
    with transaction():
        renewed = staff_sessions.refresh(body["refresh_token"], now=utcnow())
    if renewed is None:
        raise AppError("refresh_token_reused", 401, "This sign-in has ended. Sign in again.")
    return _shown(*renewed)


@blueprint.post("/logout")
@blueprint.arguments(StaffRefreshSchema)
@blueprint.response(204)
def logout(body: dict[str, str]) -> None:
    """Sign out"""
    with transaction():
        staff_sessions.end_by_token(body["refresh_token"], now=utcnow())


def begin(member: StaffMember, kind: str) -> StaffSession:
    """The session of a member who was let in, on the device that asks."""
    session = staff_sessions.begin(
        member, kind=kind, user_agent=request.headers.get("User-Agent"), address=request.remote_addr, now=utcnow()
    )
    audit.record(
        actor=staff_actor(member.id),
        action="staff.sign_in",
        object_kind="staff",
        object_id=member.id,
        new={"kind": kind, "session_id": str(session.id)},
    )
    return session


def limit_guesses(email: str, code: str | None = None) -> None:
    """By address, and by account at the address: a stranger elsewhere uses up nobody's tries. Those with a code are
    counted by themselves: where others at one's own address have guessed, both factors still open the account."""
    per_address = PER_ADDRESS * current_app.config["SETTINGS"].ease
    hit_or_refuse(f"{per_address} per 15 minute", "sign-in", caller_address())
    hit_or_refuse(PER_ACCOUNT, *_account(email, with_code=bool(code)))


def forgive_guesses(email: str) -> None:
    """Only wrong passwords count towards the lockout of an account."""
    for with_code in (False, True):
        forget_hits(PER_ACCOUNT, *_account(email, with_code=with_code))


def _account(email: str, *, with_code: bool) -> tuple[str, ...]:
    return ("sign-in", "code" if with_code else "password", email.strip().lower(), caller_address())


def _shown(tokens: Tokens, member: StaffMember) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS.total_seconds()),
        "role": member.role,
        "roles": [member.role],
    }
