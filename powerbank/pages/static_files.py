"""Static files with the digest of their content in their address: a browser keeps them for a year and never asks."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.security import safe_join

from powerbank.api.server.response_headers import cacheable

DAY = 24 * 3600
YEAR = 365 * DAY


def init_app(app: Flask) -> None:
    @app.url_defaults
    def add_digest(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and "v" not in values:
            values["v"] = find_digest(app, values["filename"])

    @app.after_request
    def let_browsers_keep_it(response: Response) -> Response:
        """Let a browser keep what it asked for by its digest. An older or newer content under it is asked for again."""
        if request.endpoint == "static" and response.status_code in (200, 304):
            read_whole(response)
            digest = find_digest(app, (request.view_args or {})["filename"])
            if digest is not None and request.args.get("v") == digest:
                response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response

    @app.get("/favicon.ico")
    def favicon() -> Response:
        """Give the icon to a browser that shows what names none, such as an answer of the API."""
        return cacheable(read_whole(app.send_static_file("favicon.ico")), DAY)


def read_whole(response: Response) -> Response:
    """Read the file of an answer. Flask-Compress takes a stream over and leaves its file open, so it is given all."""
    response.direct_passthrough = False
    response.make_sequence()
    response.close()  # now, since nobody closes it for a browser that turns away
    return response


def find_digest(app: Flask, name: str) -> str | None:
    """Find the digest of a static file; None if there is no such file."""
    path = safe_join(str(app.static_folder), name)
    if path is None or not Path(path).is_file():
        return None
    return _digest(path, Path(path).stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _digest(path: str, _changed_at: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:16]
