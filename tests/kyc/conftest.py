"""A person, their documents, and staff who look at them."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from powerbank.base.db import db, transaction
from scripts.sandbox.server import Sandbox
from tests.people import Headers, joined
from tests.pictures import samples

NUMBER = "27-01-70-12345"


def multipart(form: dict[str, Any]) -> dict[str, Any]:
    """Encode a form; bytes are files. The form is encoded here because the test client would use temporary files."""
    fields = {
        name: FileStorage(io.BytesIO(value), f"{name}.jpg") if isinstance(value, bytes) else value
        for name, value in form.items()
        if value is not None
    }
    boundary, body = encode_multipart(fields)
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


@pytest.fixture(autouse=True)
def _calm(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.reset()


class Desk:
    """Both sides of an identity check over HTTP: the person and the staff."""

    def __init__(self, app: Flask, client: FlaskClient, staff: Headers) -> None:
        self.app, self.client, self.staff = app, client, staff

    def join(self, username: str = "sita") -> Headers:
        return joined(self.app, username)

    def send(self, headers: Headers, number: str = NUMBER, **parts: Any) -> TestResponse:
        form: dict[str, Any] = {
            "citizenship_number": number,
            "front": samples.jpeg("red"),
            "back": samples.jpeg("blue"),
        }
        form |= parts
        # Each call has a client of its own, so that several threads may send.
        return self.app.test_client().post("/api/auth/kyc", headers=headers, **multipart(form))

    def submitted(self, headers: Headers, number: str = NUMBER) -> str:
        answer = self.send(headers, number)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["id"])

    def own(self, headers: Headers) -> dict[str, Any]:
        return dict(self.client.get("/api/auth/kyc", headers=headers).get_json())

    def profile(self, headers: Headers) -> dict[str, Any]:
        return dict(self.client.get("/api/users/me", headers=headers).get_json())

    def queue(self, **query: str) -> list[dict[str, Any]]:
        answer = self.client.get("/api/admin/kyc", headers=self.staff, query_string=query)
        assert answer.status_code == 200, answer.text
        return list(answer.get_json()["items"])

    def approve(self, submission_id: str, headers: Headers | None = None) -> TestResponse:
        return self.app.test_client().post(f"/api/admin/kyc/{submission_id}/approve", headers=headers or self.staff)

    def reject(self, submission_id: str, reason: str = "The back is blurred.") -> TestResponse:
        address = f"/api/admin/kyc/{submission_id}/reject"
        return self.app.test_client().post(address, headers=self.staff, json={"reason": reason})

    def links(self, submission_id: str, headers: Headers | None = None) -> TestResponse:
        return self.client.post(f"/api/admin/kyc/{submission_id}/links", headers=headers or self.staff)

    def view(self, submission_id: str, side: str = "front") -> TestResponse:
        answer = self.links(submission_id)
        return self.client.get(answer.get_json()[side]["url"]) if answer.status_code == 200 else answer

    def rows(self, statement: str) -> list[Any]:
        with self.app.app_context():
            found = list(db.session.execute(text(statement)).all())
            db.session.rollback()
        return found

    def change(self, statement: str) -> None:
        with self.app.app_context(), transaction() as session:
            session.execute(text(statement))

    def user_id(self, username: str = "sita") -> UUID:
        found: UUID = self.rows(f"SELECT id FROM users WHERE username = '{username}'")[0].id
        return found

    def files(self) -> list[Path]:
        folder: Path = self.app.config["SETTINGS"].documents_dir
        return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def desk(app: Flask, client: FlaskClient, staff_headers: Callable[..., Headers]) -> Iterator[Desk]:
    desk = Desk(app, client, staff_headers("operations"))
    yield desk
    for path in desk.files():
        path.unlink()


@pytest.fixture
def use_cloudinary(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"document_store": "cloudinary"}))
