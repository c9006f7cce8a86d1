"""A browser keeps static files for a year by the digest of their content."""

from flask import Flask, url_for
from flask.testing import FlaskClient

STYLES = "pages/pages.css"


def address(app: Flask) -> str:
    with app.test_request_context():
        return url_for("static", filename=STYLES)


def test_a_file_asked_for_by_its_digest_is_kept(app: Flask, client: FlaskClient) -> None:
    answer = client.get(address(app), buffered=True)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_under_another_digest_it_is_asked_for_again(app: Flask, client: FlaskClient) -> None:
    for query in ("", "?v=0123456789abcdef"):
        answer = client.get(f"/static/{STYLES}{query}", buffered=True)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


def test_what_is_not_there_is_not_found(app: Flask, client: FlaskClient) -> None:
    for name in ("nothing.css", "../__init__.py", "vendor"):
        assert client.get(f"/static/{name}?v=0").status_code == 404
    with app.test_request_context():
        assert url_for("static", filename="nothing.css") == "/static/nothing.css"


def test_a_browser_finds_the_icon_where_it_looks_for_one(client: FlaskClient) -> None:
    icon = client.get("/favicon.ico")
    assert (icon.status_code, icon.data[:4]) == (200, b"\0\0\1\0")
    assert "max-age=86400" in icon.headers["Cache-Control"]
