"""Hand out the rider's app: a page for every address below `/app/`, and its files under addresses that never change.

The app is a client of the public API and has nothing else of the server. Its modules import one another by relative
addresses, so the digest of all of them stands in front of the name: a browser keeps a file for a year, and a new
release has new addresses.
"""

import mimetypes
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import brotli  # Flask-Compress brings it
from flask import Blueprint, Response, abort, current_app, json, make_response, render_template, request, url_for

from powerbank.api.language import wanted_language
from powerbank.api.server.response_headers import cacheable, content_policy
from powerbank.pages.static_files import YEAR

blueprint = Blueprint("app", __name__, url_prefix="/app")

_VENDORED = ("preact.js", "jsqr.js", "leaflet.js", "leaflet.css")
# What a first view needs is asked for together with the page, not one import after the other.
_CORE = (
    *(f"app/{name}.js" for name in ("main", "api", "follow", "device", "language", "ui")),
    "vendor/preact.js",
)
_VIEWS = {
    "": ("views/stations/home", "views/rentals/card"),
    "s": ("views/stations/station",),
    "rent": ("views/renting/rent", "views/person/sign-in"),
    "rentals": (
        *(f"views/rentals/{name}" for name in ("rental", "sheets", "blocked", "receipt", "returns", "card")),
        *(f"views/parts/{name}" for name in ("photo-field", "pictures", "push-offer")),
        *("views/money/topup", "views/money/dues", "views/stations/home", "push"),
    ),
}
_PICTURES = "blob: https:"  # from the camera, and of banners, wherever the operator keeps those


@blueprint.get("/")
@blueprint.get("/<path:view>")
def shell(view: str = "") -> Response:
    """Show the app at any of its addresses; the app itself knows which there are."""
    settings, language = current_app.config["SETTINGS"], wanted_language()
    modules = [*_CORE, *(f"app/{name}.js" for name in _VIEWS.get(view.partition("/")[0], ()))]
    if language != "en":
        modules.append(f"app/texts/{language}.js")
    version = app_version()
    page = make_response(render_template("app/shell.html", language=language, modules=modules, version=version))
    forms = " ".join(_origins(settings.esewa_form_url))
    page.headers["Content-Security-Policy"] = content_policy(
        settings, form_action=forms, img_src=_PICTURES, manifest_src="", worker_src=""
    )
    page.headers["Cache-Control"] = "no-cache"
    page.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
    page.add_etag()
    return page.make_conditional(request)  # type: ignore[return-value]


@blueprint.get("/files/<version>/<path:name>")
def file(version: str, name: str) -> Response:
    """Give a file of the app. One that is asked for by another version's address is told to be asked for again."""
    packed = request.accept_encodings["br"] > 0
    content = _pack(name, app_version()) if packed else _read(name)
    response = Response(content, content_type=_content_type(name))
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "br"
    if version != app_version():
        response.headers["Cache-Control"] = "no-cache"
        return response
    response.cache_control.public = True
    response.cache_control.max_age = YEAR
    response.cache_control.immutable = True
    return response


@blueprint.get("/worker.js")
def worker() -> Response:
    """Give the service worker. It knows the files of its version, and a new version is a new worker."""
    listed = [url_for("app.file", version=app_version(), name=name) for name in list_files()]
    script = render_template("app/worker.js", version=app_version(), files=listed)
    return cacheable(Response(script, content_type="text/javascript; charset=utf-8"), 0)


@blueprint.get("/manifest.webmanifest")
def manifest() -> Response:
    """Describe the app to a phone that installs it."""
    icon = url_for("static", filename="icon.svg")
    body = {
        "id": "/app/",
        "name": "Powerbank",
        "short_name": "Powerbank",
        "start_url": "/app/",
        "scope": "/app/",
        "display": "standalone",
        "background_color": "#f4f7f6",
        "theme_color": "#0b5d4b",
        "icons": [{"src": icon, "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        "shortcuts": [{"name": "Scan", "url": "/app/scan"}, {"name": "Rentals", "url": "/app/rentals"}],
    }
    return cacheable(Response(json.dumps(body), content_type="application/manifest+json"), 3600)


def app_version() -> str:
    """Give the digest of all files of the app: it changes when any of them does."""
    folder = Path(str(current_app.static_folder))
    return _digest(tuple((name, (folder / name).stat().st_mtime_ns) for name in list_files()))


@lru_cache(maxsize=4)
def _digest(files: tuple[tuple[str, int], ...]) -> str:
    found = sha256()
    for name, _ in files:
        found.update(name.encode() + b"\0" + _read(name))
    return found.hexdigest()[:16]


def list_files() -> list[str]:
    """List the files of the app, with what it shares with other pages and the vendored ones that it loads."""
    folder = Path(str(current_app.static_folder))
    own = sorted(str(path.relative_to(folder)) for path in (folder / "app").rglob("*.*"))
    return [*own, "codes.js", *(f"vendor/{name}" for name in _VENDORED)]


def _read(name: str) -> bytes:
    if name not in list_files():
        abort(404)
    return (Path(str(current_app.static_folder)) / name).read_bytes()


@lru_cache(maxsize=256)
def _pack(name: str, _version: str) -> bytes:
    """Compress a file as well as can be, once: it is sent to a phone that waits for it."""
    packed: bytes = brotli.compress(_read(name))
    return packed


def _content_type(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _origins(address: str | None) -> list[str]:
    return ["/".join(address.split("/")[:3])] if address else []
