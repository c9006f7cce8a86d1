"""How people sign in at pages that the server renders, and out again: with a phone number or e-mail address and a code.

`/sign-in?next=/crew/` leads back to the page that asked. There is nothing to register with here: who has no account
makes one in the app.
"""

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError
from werkzeug import Response

from powerbank.api.auth import principal
from powerbank.api.language import LANGUAGES
from powerbank.api.rate_limits import caller_address
from powerbank.auth.pages import session as page_session
from powerbank.auth.people import otp, requesters, services, sessions
from powerbank.auth.people.errors import NoAccountError, WrongCodeError
from powerbank.auth.people.models import OtpChallenge
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.live import services as streams
from powerbank.live.topics import Follower
from powerbank.pages import csrf, layout
from powerbank.pages.forms import find_way_back
from powerbank.pages.language import choose_language, page_language
from powerbank.users import identifiers
from powerbank.users import services as users

blueprint = Blueprint("sign_in", __name__, url_prefix="/sign-in")
blueprint.before_request(csrf.protection.protect)
blueprint.after_request(page_session.prolong_sign_in)
layout.show_refusals_as_pages(blueprint)

DOORS = {"/crew": "Field crew", "/partner": "Partners"}
_ID, _CODE = re.compile(r"[0-9a-f-]{36}"), re.compile(r"[0-9]{6}", re.ASCII)


@blueprint.errorhandler(CSRFError)
def stale_form(_error: CSRFError) -> tuple[str, int]:
    return _show("ask", problem="The form was too old. Please try again."), 400


@blueprint.get("")
def ask() -> str | Response:
    """Ask who somebody is. Whoever is signed in already is led on."""
    choose_language(request.args.get("language", ""))
    return redirect(_way_back()) if page_session.find_person() else _show("ask")


@blueprint.post("")
def send() -> str | tuple[str, int]:
    """Send a code; the answer is the same whether or not there is an account."""
    identifier = request.form.get("identifier", "").strip()[:254]
    try:
        challenge = _send_code(identifier)
    except AppError as refused:
        return _show("ask", problem=refused.detail, identifier=identifier), refused.status
    return _show("code", identifier=identifier, challenge_id=challenge.id)


@blueprint.post("/code")
def verify() -> Response | tuple[str, int]:
    """Sign in with the code."""
    identifier, challenge_id = request.form.get("identifier", "")[:254], request.form.get("challenge_id", "")
    try:
        outcome = _try_code(challenge_id, "".join(request.form.get("code", "").split()))
    except WrongCodeError as wrong:
        problem, status = wrong.detail, wrong.status
        return _show("code", problem=problem, identifier=identifier, challenge_id=challenge_id), status
    except AppError as refused:
        return _show("ask", problem=refused.detail, identifier=identifier), refused.status
    session.setdefault("language", outcome["user"].language)
    answer = redirect(_way_back())
    page_session.set_cookie(answer, outcome["refresh_token"])
    page_session.remember_device(answer, outcome["device_token"])
    return answer


@blueprint.post("/out")
def leave() -> Response:
    """Sign out in this browser."""
    token = page_session.read_token()
    if token is not None:
        with transaction():
            sessions.end_session(token[:200])
    answer = redirect(url_for("sign_in.ask", next=_way_back(request.form.get("back"))))
    page_session.clear_cookie(answer)
    return answer


@blueprint.post("/language")
def language() -> Response:
    """Show the pages in another language from now on, and go back to the page that was open."""
    person, wanted = page_session.page_person(), request.form.get("language", "")
    if wanted in LANGUAGES:
        with transaction():
            users.change_profile(person.id, {"language": wanted})
        choose_language(wanted)
    return redirect(_way_back(request.form.get("back")))


@blueprint.post("/live-ticket")
def live_ticket() -> Response:
    """Give an open page a ticket for its stream: it has a cookie, and so no access token to ask the API with."""
    person = page_session.page_person()
    follower = Follower(principal(), person.session_id, user_id=person.id)
    return make_response(jsonify(streams.issue_stream_address(follower, request.form.getlist("topic"))))


def _send_code(identifier: str) -> OtpChallenge:
    contact, ip_address = identifiers.parse_contact_address(identifier), caller_address()
    device_token = request.cookies.get(page_session.DEVICE)
    standing = requesters.find_standing(contact, ip_address=ip_address, device_token=device_token, now=utcnow())
    with otp.limited_code_request(contact, ip_address, standing), transaction():
        return otp.create_challenge(contact=contact, purpose="login", language=page_language(), standing=standing)


def _try_code(challenge_id: str, code: str) -> dict[str, Any]:
    """Try a code, which uses up a try whatever comes of it: a refusal is raised after the commit."""
    if not _ID.fullmatch(challenge_id) or not _CODE.fullmatch(code):
        raise WrongCodeError
    user_agent = request.headers.get("User-Agent")
    with transaction():
        outcome = services.sign_in(UUID(challenge_id), code, ip_address=caller_address(), user_agent=user_agent)
    if isinstance(outcome, AppError):
        raise outcome
    if not outcome["registered"]:
        raise NoAccountError
    return outcome


def _way_back(wanted: str | None = None) -> str:
    return find_way_back(wanted or request.args.get("next"), "/")


def _show(
    step: str, *, problem: str | None = None, identifier: str = "", challenge_id: UUID | str | None = None
) -> str:
    door = next((name for path, name in DOORS.items() if _way_back().startswith(path)), None)
    return render_template(
        "people/sign_in.html",
        step=step,
        door=door,
        problem=problem,
        identifier=identifier,
        challenge_id=challenge_id,
        valid_minutes=otp.VALID_SECONDS // 60,
    )
