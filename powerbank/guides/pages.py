"""The pages for authors of apps: the guides, the reference, and a page to try requests out."""

import secrets

import flask_swagger_ui
from flask import Blueprint, Response, make_response, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as AnyResponse

from powerbank.api.server.response_headers import policy_for_styles_with
from powerbank.guides.examples import LANGUAGES
from powerbank.guides.library import FOLDER, find_guide, find_neighbours, list_guides, read_rendered
from powerbank.pages.layout import show_refusals_as_pages
from powerbank.pages.static_files import read_whole

blueprint = Blueprint("docs", __name__, url_prefix="/docs")
show_refusals_as_pages(blueprint)
# Files are no pages: who asks for one wrongly gets a problem document.
files = Blueprint("docs_files", __name__, url_prefix="/docs")
files.after_request(read_whole)

_SWAGGER_UI = f"{flask_swagger_ui.__path__[0]}/dist"


@blueprint.get("")
def index() -> str:
    return render_template("docs/index.html", here="guides", guides=list_guides())


@blueprint.get("/guides/")
def guides() -> AnyResponse:
    return redirect("/docs")


@blueprint.get("/guides/<name>")
def guide(name: str) -> str:
    found = find_guide(name)
    before, after = find_neighbours(found)
    html, headings = read_rendered(found)
    return render_template(
        "docs/guide.html",
        here="guides",
        guide=found,
        guides=list_guides(),
        headings=headings,
        html=html,
        languages=LANGUAGES,
        before=before,
        after=after,
    )


@files.get("/guides/examples/<path:name>")
def example(name: str) -> Response:
    """Give an example as a file, to save and to run."""
    kind = "text/javascript" if name.endswith(".mjs") else "text/plain"
    return send_from_directory(FOLDER / "examples", name, mimetype=kind, max_age=3600)


@blueprint.get("/reference")
def reference() -> Response:
    nonce = secrets.token_urlsafe(16)
    response = make_response(render_template("docs/reference.html", here="reference", nonce=nonce))
    response.headers["Content-Security-Policy"] = policy_for_styles_with(nonce)
    return response


@blueprint.get("/try")
def try_it() -> str:
    return render_template("docs/try.html", here="try")


@files.get("/assets/<path:name>")
def asset(name: str) -> Response:
    return send_from_directory(_SWAGGER_UI, name, max_age=86400)
