"""A person's picture: square, public at an address nobody guesses, replaced and taken back."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.db import transaction
from tests.people import Headers, joined
from tests.pictures import samples

ADDRESS = "/api/users/me/avatar"


def put(client: FlaskClient, headers: Headers, picture: bytes) -> TestResponse:
    return client.put(ADDRESS, headers=headers, data={"picture": (io.BytesIO(picture), "x.exe", "text/html")})


def url_of(client: FlaskClient, headers: Headers) -> str | None:
    found: str | None = client.get("/api/users/me", headers=headers).get_json()["avatar_url"]
    return found


@pytest.fixture
def sita(app: Flask, client: FlaskClient) -> Headers:
    return joined(app, "sita")


def test_an_avatar_is_cut_to_a_square_and_everybody_may_see_it(app: Flask, client: FlaskClient, sita: Headers) -> None:
    assert url_of(client, sita) is None
    answer = put(client, sita, samples.located_jpeg())
    assert answer.status_code == 200
    url = answer.get_json()["avatar_url"]
    assert url == url_of(client, sita)
    assert url.startswith(f"{app.config['SETTINGS'].public_url}/media/avatars/")
    shown = client.get(url)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/jpeg")
    assert samples.decoded(shown.data).size == (512, 512)
    assert b"SPY-" not in shown.data


def test_an_avatar_may_be_cached_for_ever(client: FlaskClient, sita: Headers) -> None:
    url = put(client, sita, samples.jpeg()).get_json()["avatar_url"]
    first = client.get(url)
    assert "immutable" in first.headers["Cache-Control"]
    assert "public" in first.headers["Cache-Control"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_another_avatar_has_another_address_and_the_old_one_ends(client: FlaskClient, sita: Headers) -> None:
    old = put(client, sita, samples.jpeg("red")).get_json()["avatar_url"]
    new = put(client, sita, samples.jpeg("red")).get_json()["avatar_url"]
    assert old != new
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_an_avatar_is_removed(client: FlaskClient, sita: Headers) -> None:
    url = put(client, sita, samples.jpeg()).get_json()["avatar_url"]
    assert client.delete(ADDRESS, headers=sita).status_code == 204
    assert client.delete(ADDRESS, headers=sita).status_code == 204
    assert url_of(client, sita) is None
    assert client.get(url).status_code == 404


def test_everybody_has_an_avatar_of_their_own(app: Flask, client: FlaskClient, sita: Headers) -> None:
    hari = joined(app, "hari")
    url = put(client, sita, samples.jpeg()).get_json()["avatar_url"]
    put(client, hari, samples.jpeg())
    client.delete(ADDRESS, headers=hari)
    assert url_of(client, sita) == url
    assert client.get(url).status_code == 200


def test_an_avatar_needs_a_sign_in_and_a_picture(client: FlaskClient, sita: Headers) -> None:
    assert put(client, {}, samples.jpeg()).status_code == 401
    assert client.delete(ADDRESS).status_code == 401
    for content, status in ((b"<svg/>", 415), (b"", 415), (samples.jpeg()[:200], 422), (samples.webp_bomb(), 422)):
        assert put(client, sita, content).status_code == status
    assert client.put(ADDRESS, headers=sita, json={"picture": "x"}).status_code == 415
    assert (
        client.put(ADDRESS, headers=sita, data={"picture": "x"}, content_type="multipart/form-data").status_code == 422
    )
    assert url_of(client, sita) is None


def test_a_person_banned_meanwhile_gets_no_avatar(
    app: Flask, client: FlaskClient, sita: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from powerbank.api import uploads

    remake = uploads.remake_picture

    def banned_meanwhile(*arguments: object) -> bytes:
        with app.app_context(), transaction() as session:
            session.execute(text("UPDATE users SET status = 'banned'"))
        return remake(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(uploads, "remake_picture", banned_meanwhile)
    answer = put(client, sita, samples.jpeg())
    assert (answer.status_code, answer.get_json()["code"]) == (403, "account_blocked")


@pytest.mark.parametrize("key", ["nobody", "%00", "..%2f..%2fetc", "a" * 500])
def test_an_unknown_avatar_is_not_found(client: FlaskClient, key: str) -> None:
    assert client.get(f"/media/avatars/{key}.jpg").status_code == 404
