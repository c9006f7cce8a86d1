"""Bodies of uploads: larger than elsewhere, and no larger; in memory, and nowhere else."""

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.api import uploads
from powerbank.pictures import pipeline
from tests.people import Headers, joined
from tests.pictures import samples

AVATAR = "/api/users/me/avatar"
MEGABYTE = 1024 * 1024


class Counted(io.RawIOBase):
    """A body of so many bytes that tells how many were read."""

    def __init__(self, size: int, start: bytes = b"") -> None:
        self.left, self.read_bytes, self._start = size, 0, start

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = min(len(buffer), self.left)
        buffer[:count] = (self._start + bytes(count))[:count]
        self._start = self._start[count:]
        self.left -= count
        self.read_bytes += count
        return count


START = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'


def send(client: FlaskClient, headers: Headers, body: Counted, *, told: bool, address: str = AVATAR) -> Any:
    length = {"CONTENT_LENGTH": str(body.left)} if told else {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    # The client would write a body and a boundary of its own for a form.
    environment = {"wsgi.input": io.BufferedReader(body, 8192), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    return client.put(address, headers=headers, environ_overrides={**environment, **length})


@pytest.fixture
def sita(app: Flask, client: FlaskClient) -> Headers:
    return joined(app, "sita")


def test_fifty_megabytes_are_refused_before_they_are_read(client: FlaskClient, sita: Headers) -> None:
    body = Counted(50 * MEGABYTE, START)
    answer = send(client, sita, body, told=True)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "body_too_large")
    assert body.read_bytes < MEGABYTE


def test_and_where_their_number_is_not_told_not_much_of_them(client: FlaskClient, sita: Headers) -> None:
    body = Counted(50 * MEGABYTE, START)
    answer = send(client, sita, body, told=False)
    assert answer.status_code == 413
    assert body.read_bytes < 10 * MEGABYTE


def test_a_strangers_body_is_not_read(client: FlaskClient) -> None:
    body = Counted(5 * MEGABYTE, START)
    assert send(client, {}, body, told=True).status_code == 401
    assert body.read_bytes == 0


def test_elsewhere_a_megabyte_stays_the_limit(client: FlaskClient, sita: Headers) -> None:
    answer = client.patch(
        "/api/users/me", headers=sita, data=b'"' + b"x" * 2 * MEGABYTE, content_type="application/json"
    )
    assert answer.status_code == 413


def test_a_picture_may_have_eight_megabytes(client: FlaskClient, sita: Headers) -> None:
    full = samples.jpeg().ljust(uploads.MOST_PICTURE_BYTES, b"\0")
    end = b"\r\n--x--\r\n"

    def put(picture: bytes) -> int:
        data = START.removesuffix(b"\xff\xd8\xff") + picture + end
        form = {"data": data, "content_type": "multipart/form-data; boundary=x"}
        return int(client.put(AVATAR, headers=sita, **form).status_code)  # type: ignore[arg-type]

    assert put(full) == 200
    assert put(full + b"\0") == 413


def test_no_upload_touches_the_disk(client: FlaskClient, sita: Headers, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a document in a temporary file")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", refuse)
    data = START.removesuffix(b"\xff\xd8\xff") + samples.jpeg().ljust(3 * MEGABYTE, b"\0") + b"\r\n--x--\r\n"
    answer = client.put(AVATAR, headers=sita, data=data, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 200


def test_who_sends_too_many_pictures_waits(
    app: Flask, client: FlaskClient, sita: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "PER_CALLER", "2 per hour")
    statuses = [send(client, sita, Counted(10, START), told=True).status_code for _ in range(3)]
    assert statuses == [422, 422, 429]
    assert send(client, joined(app, "hari"), Counted(10, START), told=True).status_code == 422


def test_without_redis_pictures_are_taken(
    app: Flask, client: FlaskClient, sita: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from limits.storage import storage_from_string
    from limits.strategies import FixedWindowRateLimiter

    away = FixedWindowRateLimiter(storage_from_string("redis://127.0.0.1:1/0", socket_connect_timeout=0.2))
    monkeypatch.setattr(app.extensions["limits"], "counters", away)
    data = {"picture": (io.BytesIO(samples.jpeg()), "a.jpg")}
    assert client.put(AVATAR, headers=sita, data=data).status_code == 200


def test_when_all_places_are_taken_the_caller_is_told_when_to_come_again(
    client: FlaskClient, sita: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "WAIT_SECONDS", 0.05)
    for _ in range(pipeline.MAXIMUM_AT_ONCE):
        assert pipeline._places.acquire(timeout=1)
    try:
        answer = client.put(AVATAR, headers=sita, data={"picture": (io.BytesIO(samples.jpeg()), "a.jpg")})
    finally:
        for _ in range(pipeline.MAXIMUM_AT_ONCE):
            pipeline._places.release()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "too_many_pictures")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x--\r\n",
        START,
        b"\0" * 100,
        b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="picture\xff\x00"; filename="\x00"\r\n\r\na\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\n\x00\xff\r\n--x--\r\n',
    ],
)
def test_a_form_that_is_none_is_refused(client: FlaskClient, sita: Headers, body: bytes) -> None:
    for content_type in ("multipart/form-data; boundary=x", "multipart/form-data", 'multipart/form-data; boundary=""'):
        answer = client.put(AVATAR, headers=sita, data=body, content_type=content_type)
        assert answer.status_code in (400, 415, 422), answer.text
