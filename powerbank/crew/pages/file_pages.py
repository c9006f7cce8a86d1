"""What a phone needs to install the crew's pages and to open them without a connection."""

from flask import Response, json, render_template, url_for

from powerbank.auth.pages.session import person_blueprint
from powerbank.pages.language import translate

blueprint = person_blueprint("crew_files", __name__, url_prefix="/crew", installable=True)


@blueprint.get("/worker.js")
def worker() -> Response:
    """Give the service worker. A browser asks for it again by itself."""
    answer = Response(render_template("crew/worker.js"), content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    body = {
        "id": "/crew/",
        "name": translate("Field crew"),
        "short_name": translate("Field crew"),
        "start_url": "/crew/",
        "scope": "/crew/",
        "display": "standalone",
        "background_color": "#f4f7f6",
        "theme_color": "#0b5d4b",
        "icons": [{"src": url_for("static", filename="icon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return Response(json.dumps(body), content_type="application/manifest+json")
