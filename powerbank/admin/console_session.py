"""Find who is signed in at the operators' console, by its cookie.

Each domain adds its pages with a blueprint that `console_blueprint` makes.
The cookie only names a session; its row in the database says whether the session lasts.
"""

from flask import Blueprint, abort, g, redirect, request, session, url_for
from flask import Response as FlaskResponse
from werkzeug import Response

from powerbank.admin.console.search.addresses import thing_at
from powerbank.admin.search import opened
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.services import StaffSignIn
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.pages import csrf, layout


def console_blueprint(name: str, import_name: str, *, url_prefix: str) -> Blueprint:
    """Make a blueprint whose pages only staff see, and which answers a refusal with a page."""
    blueprint = Blueprint(name, import_name, url_prefix=url_prefix)
    blueprint.before_request(guard)
    blueprint.after_request(note_opened)
    layout.show_refusals_as_pages(blueprint)
    return blueprint


def guard() -> Response | None:
    """Run before each page of the console: protect its forms, and let nobody in who has not signed in."""
    csrf.protection.protect()
    return None if request.endpoint == "console.login" else redirect_unless_admitted()


def note_opened(response: FlaskResponse) -> FlaskResponse:
    """Note which thing a page showed, for the list of what was opened lately. Parts read again do not count."""
    staff: SignedInStaff | None = g.get("console_staff")
    if staff is not None and request.method == "GET" and response.status_code == 200:
        thing = None if "HX-Request" in request.headers else thing_at(request.path)
        if thing is not None:
            opened.note_opened(staff.id, *thing)
    return response


def redirect_unless_admitted() -> Response | None:
    """Say where to go instead: to the sign-in, or to what the member must put in order first."""
    staff = find_signed_in_staff()
    if staff is None:
        return redirect(url_for("console.login", next=request.path))
    if staff.unfinished and request.blueprint != "console_account" and request.endpoint != "console.logout":
        return redirect(url_for("console_account.show"))
    return None


def find_signed_in_staff() -> SignedInStaff | None:
    if "console_staff" not in g:
        found = staff_sessions.find_signed_in_staff(session.get("staff_id", ""), session.get("session_id", ""))
        if found is None:
            return None
        g.staff = g.console_staff = found
    staff: SignedInStaff = g.console_staff
    return staff


def page_staff(permission: str) -> SignedInStaff:
    """Return the member of staff whom the guard let in, if the role may do this."""
    staff = find_signed_in_staff()
    if staff is None or not staff.may(permission):
        abort(403)
    return staff


def set_cookie(signed_in: StaffSignIn) -> None:
    """Name this session in a cookie of its own: whatever the browser carried before is dropped."""
    language = session.get("language", signed_in.member.language)
    session.clear()
    session.update(staff_id=str(signed_in.member.id), session_id=str(signed_in.session.id), language=language)


def clear_cookie() -> None:
    session.clear()
