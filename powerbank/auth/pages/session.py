"""Find who is signed in at the pages of people, by their cookie: the pages of crew and of partners share all of this.

Each domain adds its pages with a blueprint that `person_blueprint` makes. Whether the person is a partner or of the
crew is that domain's question; here it is only known who it is.
"""

from datetime import timedelta
from uuid import UUID

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_wtf.csrf import CSRFError
from werkzeug import Response as AnyResponse

from powerbank.api.server.response_headers import content_policy
from powerbank.auth.people import page_sessions
from powerbank.auth.people.page_sessions import SignedInPerson
from powerbank.auth.people.requesters import REMEMBERED_FOR
from powerbank.auth.tokens import REFRESH_LIFETIME
from powerbank.base.clock import utcnow
from powerbank.base.db import transaction
from powerbank.pages import csrf, layout
from powerbank.pages.language import choose_language

COOKIE = "powerbank_person"
SENT_BY_SCRIPT = "X-Sent-By-Script"
DEVICE = "powerbank_device"  # proves that a code was right in this browser once, and is no sign-in


def person_blueprint(name: str, import_name: str, *, url_prefix: str, installable: bool = False) -> Blueprint:
    """Make a blueprint whose pages only somebody who has signed in sees, and which answers a refusal with a page.

    Installable pages may have a service worker, and a phone may keep them like an app.
    """
    blueprint = Blueprint(name, import_name, url_prefix=url_prefix)
    blueprint.before_request(guard)
    blueprint.after_request(prolong_sign_in)
    blueprint.after_request(answer_script)
    if installable:
        blueprint.after_request(allow_installing)
    blueprint.register_error_handler(CSRFError, show_stale_form)
    layout.show_refusals_as_pages(blueprint)
    return blueprint


def guard() -> AnyResponse | None:
    """Run before each page: protect its forms, and lead whoever has not signed in to where one does."""
    csrf.protection.protect()
    if find_person() is None:
        if is_sent_by_script():
            abort(401)
        return redirect(url_for("sign_in.ask", next=request.path))
    return None


def is_sent_by_script() -> bool:
    """Tell whether a script of ours sends a form, since the phone was offline when its button was pressed."""
    return SENT_BY_SCRIPT in request.headers


def answer_script(response: Response) -> Response:
    """Tell a script to where a form leads: it is shown no redirect, and must know a done form from a sign-in."""
    if is_sent_by_script() and response.location is not None:
        answer = jsonify(to=response.location)
        for cookie in response.headers.getlist("Set-Cookie"):
            answer.headers.add("Set-Cookie", cookie)
        return answer
    return response


def find_person() -> SignedInPerson | None:
    if "person" not in g:
        token = request.cookies.get(COOKIE)
        found = page_sessions.find_signed_in_person(token[:200]) if token else None
        if found is None:
            return None
        g.person, g.user_id, g.session_id = found, found.id, found.session_id
        if "language" not in session:
            choose_language(found.language)
    person: SignedInPerson = g.person
    return person


def page_person() -> SignedInPerson:
    """Give the person whom the guard let in."""
    person = find_person()
    if person is None:
        abort(401)
    return person


def page_user_id() -> UUID:
    return page_person().id


def prolong_sign_in(response: Response) -> Response:
    """Let a sign-in that is in use last its full time again, once a day."""
    person: SignedInPerson | None = g.get("person")
    now = utcnow()
    if person is not None and person.is_due_to_prolong(now):
        token = request.cookies[COOKIE]
        with transaction():
            page_sessions.prolong(token, now=now)
        set_cookie(response, token)
    return response


def allow_installing(response: Response) -> Response:
    policy = content_policy(current_app.config["SETTINGS"], manifest_src="", worker_src="")
    response.headers["Content-Security-Policy"] = policy
    return response


def set_cookie(response: AnyResponse, token: str) -> None:
    _set(response, COOKIE, token, REFRESH_LIFETIME, path="/")


def clear_cookie(response: AnyResponse) -> None:
    _set(response, COOKIE, "", timedelta(0), path="/")


def remember_device(response: AnyResponse, token: str) -> None:
    """Keep what makes the next request for a code that of a known device, whose limits strangers do not use up."""
    _set(response, DEVICE, token, REMEMBERED_FOR, path=url_for("sign_in.ask"))


def read_token() -> str | None:
    return request.cookies.get(COOKIE)


def show_stale_form(_error: CSRFError) -> tuple[str, int]:
    """Answer a form of a page that was open for too long. A script that sends what waited reads the page again."""
    detail = "The form was too old. Please try again."
    return render_template("pages/problem.html", detail=detail, door=f"/{request.path.split('/')[1]}/"), 400


def _set(response: AnyResponse, name: str, value: str, lasts: timedelta, *, path: str) -> None:
    """Set a cookie that no script reads. It comes along where a link of a message leads; forms have their token."""
    secure = current_app.config["SETTINGS"].public_url.startswith("https://")
    seconds = int(lasts.total_seconds())
    response.set_cookie(name, value, max_age=seconds, path=path, secure=secure, httponly=True, samesite="Lax")
