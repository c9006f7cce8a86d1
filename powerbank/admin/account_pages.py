"""The console's page of one's own account: password, authenticator, sessions."""

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, flash, get_flashed_messages, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from powerbank.admin.console_session import guard, page_staff
from powerbank.api.auth import OWN_ACCOUNT, UNFINISHED
from powerbank.api.language import LANGUAGES
from powerbank.api.paging import MOST, page
from powerbank.auth.staff import services, totp
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.account_routes import change_password, choose_language, confirm_totp, remove_totp
from powerbank.auth.staff.models import StaffMember, StaffSession
from powerbank.auth.staff.sessions import SignedIn
from powerbank.base import audit
from powerbank.base.db import db, transaction, utcnow
from powerbank.base.errors import AppError

blueprint = Blueprint("console_account", __name__, url_prefix="/console/account")
blueprint.before_request(guard)


@blueprint.get("")
def show() -> str:
    staff = page_staff(OWN_ACCOUNT)
    secret = None if staff.has_totp else services.pending_secret(staff.id)
    return render_template(
        "console/account.html",
        staff=staff,
        notice=" ".join(map(str, get_flashed_messages())) or UNFINISHED.get(staff.unfinished or ""),
        # segno made it from our own text; it holds no markup of anybody else's.
        qr=Markup(totp.qr_svg(totp.uri(secret, staff.email))) if secret else None,  # noqa: S704  # nosec B704
        secret=secret,
        sessions=_sessions(staff),
        language=db.session.get_one(StaffMember, staff.id).language,
    )


@blueprint.post("/password")
def password() -> Response:
    staff = page_staff(OWN_ACCOUNT)
    current, new = request.form.get("current", ""), request.form.get("new", "")
    return _do(lambda: change_password(staff, current=current, new=new), "The password is changed.")


@blueprint.post("/language")
def language() -> Response:
    page_staff(OWN_ACCOUNT)
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        choose_language(wanted)
    return redirect(url_for("console_account.show"))


@blueprint.post("/totp")
def begin() -> Response:
    staff = page_staff(OWN_ACCOUNT)

    def enrol() -> None:
        with transaction():
            services.begin_totp(staff.id)

    return _do(enrol, "")


@blueprint.post("/totp/confirm")
def confirm() -> str | Response:
    """The one answer that shows the recovery codes, so it is a page and not a redirect."""
    staff = page_staff(OWN_ACCOUNT)
    try:
        codes = confirm_totp(staff, code=request.form.get("code", ""))
    except AppError as refused:
        flash(refused.detail)
        return redirect(url_for("console_account.show"))
    return render_template("console/recovery_codes.html", staff=staff, codes=codes)


@blueprint.post("/totp/remove")
def remove() -> Response:
    staff = page_staff(OWN_ACCOUNT)
    given, code = request.form.get("password", ""), request.form.get("code", "")
    return _do(lambda: remove_totp(staff, password=given, code=code), "The authenticator is removed.")


@blueprint.post("/sessions/<uuid:session_id>/end")
def end(session_id: UUID) -> Response:
    staff = page_staff(OWN_ACCOUNT)

    def sign_out() -> None:
        with transaction():
            staff_sessions.end(session_id, staff_id=staff.id, now=utcnow())
            audit.by_staff("staff.end_session", "staff", staff.id, new={"session_id": str(session_id)})

    return _do(sign_out, "Signed out there.")


def _do(work: Callable[[], None], done: str) -> Response:
    try:
        work()
    except AppError as refused:
        flash(refused.detail)
    else:
        if done:
            flash(done)
    return redirect(url_for("console_account.show"))


def _sessions(staff: SignedIn) -> list[StaffSession]:
    query = staff_sessions.living(staff.id, now=utcnow())
    found: list[StaffSession] = page(query, StaffSession.id, descending=True, limit=MOST, cursor=None)["items"]
    return found
