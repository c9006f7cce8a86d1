"""People and staff who talk to each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from tests.people import Headers, People
from tests.stations.conftest import make_station  # noqa: F401


@dataclass(frozen=True)
class Talk:
    """One conversation, written to by its person and by staff."""

    client: FlaskClient
    id: str
    person: Headers
    staff: Headers

    def write(self, text: str, *, client_id: str | None = None) -> Any:
        body = {"client_id": client_id or str(uuid4()), "text": text}
        return self.client.post(f"/api/support/conversations/{self.id}/messages", json=body, headers=self.person)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.client.post(f"/api/support/conversations/{self.id}/{path}", json=body or {}, headers=self.person)

    def staff_post(self, path: str, body: dict[str, Any] | None = None, *, by: Headers | None = None) -> Any:
        address = f"/api/admin/support/conversations/{self.id}/{path}"
        return self.client.post(address, json=body or {}, headers=by or self.staff)

    def seen(self) -> dict[str, Any]:
        found = self.client.get(f"/api/support/conversations/{self.id}", headers=self.person)
        return dict(found.get_json())

    def staff_seen(self) -> dict[str, Any]:
        found = self.client.get(f"/api/admin/support/conversations/{self.id}", headers=self.staff)
        return dict(found.get_json())

    def messages(self) -> list[dict[str, Any]]:
        found = self.client.get(f"/api/support/conversations/{self.id}/messages?limit=100", headers=self.person)
        return list(found.get_json()["items"])

    def staff_messages(self) -> list[dict[str, Any]]:
        address = f"/api/admin/support/conversations/{self.id}/messages?limit=100"
        return list(self.client.get(address, headers=self.staff).get_json()["items"])


Begin = Callable[..., Talk]


@pytest.fixture
def begin(client: FlaskClient, people: People, staff_headers: Callable[..., Headers]) -> Begin:
    """Begin a conversation: `begin("sita", "My question")`."""

    staff = staff_headers("support")

    def begin(name: str = "sita", text: str = "Hello", **about: Any) -> Talk:
        person = people.join(name).headers
        body = {"text": text} | ({"about": about} if about else {})
        made = client.post("/api/support/conversations", json=body, headers=person)
        assert made.status_code == 201, made.get_json()
        return Talk(client, made.get_json()["id"], person, staff)

    return begin
