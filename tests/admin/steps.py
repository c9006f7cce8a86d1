"""Do what tests of people do, and read people as staff see them."""

from collections.abc import Callable

from flask.testing import FlaskClient

USERS = "/api/admin/users"
NOBODY = "01900000-0000-7000-8000-000000000000"
StaffHeaders = Callable[..., dict[str, str]]
Work = Callable[..., None]


def found(client: FlaskClient, headers: dict[str, str], **query: str) -> list[str]:
    answer = client.get(USERS, query_string=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["username"] for item in answer.get_json()["items"]]
