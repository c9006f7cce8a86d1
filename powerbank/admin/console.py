"""The operators' console: who may come in. Pages are made on the server, without script; the domains after
this one add theirs with a blueprint that has `guard` in front."""

import re

from flask import Blueprint, Flask, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug import Response

from powerbank import audit
from powerbank.auth import services
from powerbank.auth.models import StaffMember
from powerbank.auth.routes import forgive_sign_ins, limit_sign_ins
from powerbank.db import transaction, utcnow
from powerbank.errors import AppError

blueprint = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
csrf = CSRFProtect()

SESSION_SECONDS = 8 * 3600
_PLAIN_PATH = re.compile(r"(/[\w.-]+)+/?", re.ASCII)


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API has no cookies; the console protects itself below
    app.config["WTF_CSRF_TIME_LIMIT"] = SESSION_SECONDS
    csrf.init_app(app)
    app.register_blueprint(blueprint)


def signed_in_staff() -> StaffMember | None:
    """Whose session this is. One that is too old, or older than the password, is nobody's."""
    if "console_staff" not in g:
        began = session.get("began", 0)
        fresh = utcnow().timestamp() - began < SESSION_SECONDS
        staff_id = session.get("staff_id")
        g.console_staff = services.active_staff(staff_id, session.get("gen")) if staff_id and fresh else None
    found: StaffMember | None = g.console_staff
    return found


@blueprint.before_request
def guard() -> Response | None:
    csrf.protect()
    if request.endpoint == "console.login":
        return None
    return None if signed_in_staff() else redirect(url_for("console.login", next=request.path))


@blueprint.errorhandler(CSRFError)
def stale_form(_error: CSRFError) -> tuple[str, int]:
    return render_template("console/login.html", problem="The form was too old. Please try again.", email=""), 400


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return render_template("console/login.html", problem=None, email="")
    email, password = request.form.get("email", ""), request.form.get("password", "")
    try:
        limit_sign_ins(email)
        member = services.sign_in(email=email, password=password)
        forgive_sign_ins(email)
    except AppError as refused:
        return render_template("console/login.html", problem=refused.detail, email=email), refused.status
    # A session of its own: whatever the browser carried before is dropped.
    session.clear()
    session.update(staff_id=str(member.id), gen=member.generation, began=utcnow().timestamp())
    with transaction():
        audit.record(actor=f"staff:{member.id}", action="console.sign_in", object_kind="staff", object_id=member.id)
    return redirect(_inside(request.args.get("next")))


@blueprint.post("/logout")
def logout() -> Response:
    session.clear()
    return redirect(url_for("console.login"))


def _inside(target: str | None) -> str:
    """Where to go after the sign-in: a plain path of ours, never another site."""
    return target if target and _PLAIN_PATH.fullmatch(target) else "/console/"
