"""The operators' console: its sign-in and sign-out, and what every page of it asks for."""

from flask import Flask, Response, g, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug import Response as AnyResponse

from powerbank.admin import console_session
from powerbank.admin.console import columns
from powerbank.api.auth import OWN_ACCOUNT, principal
from powerbank.api.language import LANGUAGES
from powerbank.api.rate_limits import caller_address
from powerbank.auth.staff import lockout, services
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.errors import WrongCredentialsError
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.live import services as streams
from powerbank.live.topics import Follower
from powerbank.pages import language as page_language
from powerbank.pages.forms import find_way_back

blueprint = console_session.console_blueprint("console", __name__, url_prefix="/console")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.jinja_env.filters.update(person=columns.write_person, member=columns.write_actor)


@blueprint.after_app_request
def record_use(response: Response) -> Response:
    """Record now and then that the session of the console was used, on whatever page."""
    staff: SignedInStaff | None = g.get("console_staff")
    now = utcnow() if staff else None
    if staff and now and now - staff.last_used_at > staff_sessions.USE_RECORDED_EVERY:
        with transaction():
            staff_sessions.record_use(staff.session_id, now=now)
    return response


@blueprint.errorhandler(CSRFError)
def stale_form(_error: CSRFError) -> tuple[str, int]:
    return render_template("console/login.html", problem="The form was too old. Please try again.", email=""), 400


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | AnyResponse | tuple[str, int]:
    page_language.choose_language(request.args.get("language", ""))
    if request.method == "GET":
        return render_template("console/login.html", problem=None, email="")
    email = request.form.get("email", "")
    try:
        _sign_in(email, request.form.get("password", ""), request.form.get("totp"))
    except AppError as refused:
        return render_template("console/login.html", problem=refused.detail, email=email), refused.status
    return redirect(find_way_back(request.args.get("next"), "/console/"))


@blueprint.post("/logout")
def logout() -> AnyResponse:
    staff = console_session.find_signed_in_staff()
    if staff is not None:
        with transaction():
            staff_sessions.end_session(staff.session_id, staff_id=staff.id, now=utcnow())
    console_session.clear_cookie()
    return redirect(url_for("console.login"))


@blueprint.post("/language")
def language() -> AnyResponse:
    """Show the pages in another language from now on, and go back to the page that was open."""
    staff = console_session.page_staff(OWN_ACCOUNT)
    wanted = request.form.get("language", "")
    if wanted in LANGUAGES:
        with transaction():
            services.choose_language(staff, wanted)
        page_language.choose_language(wanted)
    return redirect(find_way_back(request.form.get("back"), "/console/"))


@blueprint.post("/live-ticket")
def live_ticket() -> AnyResponse:
    """Give an open page a ticket for its stream: it has a cookie, and so no access token to ask the API with."""
    staff = console_session.page_staff("system.read")
    follower = Follower(principal(), staff.session_id, staff=staff)
    return jsonify(streams.issue_stream_address(follower, request.form.getlist("topic")))


def _sign_in(email: str, password: str, code: str | None) -> None:
    lockout.count_try(email, caller_address(), code=code)
    proof = services.verify_password(email=email, password=password)
    with transaction():
        signed_in = services.sign_in(
            email=email,
            proof=proof,
            code=code,
            kind="console",
            ip_address=request.remote_addr,
            user_agent=request.headers.get("User-Agent"),
            now=utcnow(),
        )
        if signed_in is not None:
            console_session.set_cookie(signed_in)
    if signed_in is None:
        raise WrongCredentialsError
    lockout.forgive_tries(email, caller_address())
