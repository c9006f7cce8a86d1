"""The console's page of one's own account: password, authenticator, language, sessions."""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import flash, get_flashed_messages, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.auth import OWN_ACCOUNT, UNFINISHED
from powerbank.api.language import LANGUAGES
from powerbank.api.paging import MOST
from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import lockout, passwords, queries, services, totp
from powerbank.auth.staff.errors import WrongPasswordError
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.pages import language as page_language
from powerbank.pages.language import translate

blueprint = console_blueprint("console_account", __name__, url_prefix="/console/account")


def shows_refusals(view: Callable[..., str | Response]) -> Callable[..., str | Response]:
    """Show a refused change as a notice on the page."""

    @functools.wraps(view)
    def wrapper(**arguments: Any) -> str | Response:
        try:
            return view(**arguments)
        except AppError as refusal:
            return _show_account(refusal.detail)

    return wrapper


@blueprint.get("")
def show() -> str:
    staff = page_staff(OWN_ACCOUNT)
    secret = None if staff.has_totp else services.find_pending_secret(staff.id)
    uri = totp.make_provisioning_uri(secret, staff.email) if secret else None
    return render_template(
        "console/account.html",
        staff=staff,
        notice=" ".join(map(str, get_flashed_messages())) or UNFINISHED.get(staff.unfinished or ""),
        # segno made it from our own text; it holds no markup of anybody else's.
        qr=Markup(totp.draw_qr_code(uri)) if uri else None,  # noqa: S704  # nosec B704
        secret=secret,
        sessions=queries.list_live_sessions(staff.id, now=utcnow(), limit=MOST, cursor=None)["items"],
        language=queries.get_member(staff.id).language,
    )


@blueprint.post("/password")
@shows_refusals
def password() -> Response:
    staff, ip_address = page_staff(OWN_ACCOUNT), caller_address()
    current, new = request.form.get("current", ""), request.form.get("new", "")
    passwords.refuse_unchanged(current=current, new=new)
    lockout.count_try(staff.email, ip_address)
    proof = services.verify_password(email=staff.email, password=current)
    with transaction():
        changed = services.change_password(staff, proof=proof, new=new, ip_address=ip_address, now=utcnow())
    if not changed:
        raise WrongPasswordError
    lockout.forgive_tries(staff.email, ip_address)
    return _show_account(translate("The password is changed."))


@blueprint.post("/language")
def language() -> Response:
    staff = page_staff(OWN_ACCOUNT)
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        with transaction():
            services.choose_language(staff, wanted)
        page_language.choose_language(wanted)
    return _show_account()


@blueprint.post("/totp")
@shows_refusals
def begin() -> Response:
    staff = page_staff(OWN_ACCOUNT)
    with transaction():
        services.begin_totp(staff.id)
    return _show_account()


@blueprint.post("/totp/confirm")
@shows_refusals
def confirm() -> str:
    """Show the recovery codes, which no other answer does: so this is a page and not a redirect."""
    staff = page_staff(OWN_ACCOUNT)
    with transaction():
        codes = services.confirm_totp(staff, code=request.form.get("code", ""), now=utcnow())
    return render_template("console/recovery_codes.html", staff=staff, codes=codes)


@blueprint.post("/totp/remove")
@shows_refusals
def remove() -> Response:
    staff, ip_address = page_staff(OWN_ACCOUNT), caller_address()
    given, code = request.form.get("password", ""), request.form.get("code", "")
    lockout.count_try(staff.email, ip_address)
    proof = services.verify_password(email=staff.email, password=given)
    with transaction():
        removed = services.remove_totp(staff, proof=proof, code=code, ip_address=ip_address, now=utcnow())
    if not removed:
        raise WrongPasswordError
    lockout.forgive_tries(staff.email, ip_address)
    return _show_account(translate("The authenticator is removed."))


@blueprint.post("/sessions/<uuid:session_id>/end")
@shows_refusals
def end(session_id: UUID) -> Response:
    staff = page_staff(OWN_ACCOUNT)
    with transaction():
        services.end_session(staff, session_id, now=utcnow())
    return _show_account(translate("Signed out there."))


def _show_account(notice: str | None = None) -> Response:
    if notice:
        flash(notice)
    return redirect(url_for("console_account.show"))
