"""The operators' console: who may come in. Pages are made on the server, without script; the domains after
this one add theirs with a blueprint that has `guard` in front."""

import re

from flask import Blueprint, Flask, abort, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug import Response

from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import services
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.routes import begin, forgive_guesses, limit_guesses
from powerbank.auth.staff.sessions import SignedIn
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
csrf = CSRFProtect()

_PLAIN_PATH = re.compile(r"(/[\w.-]+)+/?", re.ASCII)


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API has no cookies; the console protects itself below
    app.config["WTF_CSRF_TIME_LIMIT"] = int(staff_sessions.CONSOLE.total_seconds())
    csrf.init_app(app)
    app.register_blueprint(blueprint)


def signed_in_staff() -> SignedIn | None:
    """Whose session the cookie names; the row in the database says whether it lasts."""
    if "staff" not in g:
        found = staff_sessions.signed_in(session.get("staff_id", ""), session.get("session_id", ""))
        if found is None:
            return None
        _note_use(found)
        g.staff = found
    known: SignedIn = g.staff
    return known


def page_staff(permission: str) -> SignedIn:
    """The member of staff whom the guard let in, if the role may do this."""
    staff = signed_in_staff()
    if staff is None or not staff.may(permission):
        abort(403)
    return staff


def admit() -> Response | None:
    """Where to go instead: to the sign-in, or to what must be put in order first."""
    staff = signed_in_staff()
    if staff is None:
        return redirect(url_for("console.login", next=request.path))
    if staff.unfinished and request.blueprint != "console_account" and request.endpoint != "console.logout":
        return redirect(url_for("console_account.show"))
    return None


@blueprint.before_request
def guard() -> Response | None:
    csrf.protect()
    return None if request.endpoint == "console.login" else admit()


@blueprint.errorhandler(CSRFError)
def stale_form(_error: CSRFError) -> tuple[str, int]:
    return render_template("console/login.html", problem="The form was too old. Please try again.", email=""), 400


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return render_template("console/login.html", problem=None, email="")
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        session_id, staff_id = _sign_in(email, password, request.form.get("totp"))
    except AppError as refused:
        return render_template("console/login.html", problem=refused.detail, email=email), refused.status
    # A cookie of its own: whatever the browser carried before is dropped.
    session.clear()
    session.update(staff_id=staff_id, session_id=session_id)
    return redirect(_inside(request.args.get("next")))


@blueprint.post("/logout")
def logout() -> Response:
    staff = signed_in_staff()
    if staff is not None:
        with transaction():
            staff_sessions.end(staff.session_id, staff_id=staff.id, now=utcnow())
    session.clear()
    return redirect(url_for("console.login"))


def _sign_in(email: str, password: str, code: str | None) -> tuple[str, str]:
    limit_guesses(email, code)
    proof = services.verified_hash(email=email, password=password)
    with transaction():
        member = services.admit(email=email, proof=proof, code=code, address=caller_address(), now=utcnow())
        begun = (str(begin(member, "console").id), str(member.id)) if member else None
    if begun is None:
        raise services.WrongCredentialsError
    forgive_guesses(email)
    return begun


def _note_use(staff: SignedIn) -> None:
    now = utcnow()
    if now - staff.last_used_at > staff_sessions.NOTED_EVERY:
        with transaction():
            staff_sessions.note_use(staff.session_id, now=now)


def _inside(target: str | None) -> str:
    """Where to go after the sign-in: a plain path of ours, never another site."""
    return target if target and _PLAIN_PATH.fullmatch(target) else "/console/"
