"""What every page of staff has: its language, its policy, refusals that are pages, and tickets for its stream."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.pages.layout import write_api_call
from tests.admin.test_console_pages import sign_in, token_of
from tests.conftest import PASSWORD


@pytest.fixture
def staff(app: Flask, client: FlaskClient) -> Callable[[str], FlaskClient]:
    def enter(role: str) -> FlaskClient:
        with app.app_context(), transaction():
            administration.ensure_staff(email=f"{role}@example.com", password=PASSWORD, role=Role(role))
        sign_in(client, f"{role}@example.com")
        return client

    return enter


def test_no_page_of_ours_allows_inline_code_or_another_host(staff: Callable[[str], FlaskClient]) -> None:
    client = staff("superadmin")
    for path in ("/console/login", "/console/", "/console/notices", "/console/account", "/"):
        answer = client.get(path)
        assert "unsafe" not in answer.headers["Content-Security-Policy"], path
        for inline in ("style=", "onclick", "<style", "<script>", "javascript:"):
            assert inline not in answer.text, (path, inline)


def test_the_language_is_changed_in_place_and_stays(client: FlaskClient, staff: Callable[[str], FlaskClient]) -> None:
    client = staff("viewer")
    page = client.get("/console/notices")
    assert '<html lang="en">' in page.text
    form = {"csrf_token": token_of(page), "language": "ne", "back": "/console/notices"}
    answer = client.post("/console/language", data=form)
    assert answer.location == "/console/notices"
    assert '<html lang="ne">' in client.get("/console/").text
    client.post("/console/logout", data=form)
    assert '<html lang="en">' in client.get("/console/login").text
    sign_in(client, "viewer@example.com")
    assert '<html lang="ne">' in client.get("/console/").text


@pytest.mark.parametrize("back", ["https://evil.example.com", "//evil.example.com", "/\\evil", ""])
def test_a_change_of_language_leads_to_no_other_site(staff: Callable[[str], FlaskClient], back: str) -> None:
    client = staff("viewer")
    form = {"csrf_token": token_of(client.get("/console/")), "language": "ne", "back": back}
    assert client.post("/console/language", data=form).location == "/console/"


def test_the_sign_in_speaks_the_language_of_its_reader(client: FlaskClient) -> None:
    assert "पासवर्ड" in client.get("/console/login", headers={"Accept-Language": "ne-NP"}).text
    assert "पासवर्ड" in client.get("/console/login?language=ne").text
    refused = sign_in(client, "nobody@example.com", "wrong")
    assert "E-mail, password" not in refused.text


def test_a_refusal_is_a_page_in_the_console(staff: Callable[[str], FlaskClient]) -> None:
    client = staff("viewer")
    token = token_of(client.get("/console/"))
    answer = client.post("/console/machinery/schedule/prune-jobs/run", data={"csrf_token": token})
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert 'href="/console/"' in answer.text


def test_a_page_gets_tickets_for_what_its_role_may_follow(staff: Callable[[str], FlaskClient]) -> None:
    client = staff("viewer")
    token = token_of(client.get("/console/"))
    assert client.post("/console/live-ticket", data={"topic": "console"}).status_code == 400
    answer = client.post("/console/live-ticket", data={"topic": "console", "csrf_token": token})
    assert "/live/stream?ticket=" in answer.get_json()["url"]
    refused = client.post("/console/live-ticket", data={"topic": "rental:1", "csrf_token": token})
    assert refused.status_code == 403


def test_an_api_call_can_be_pasted_into_a_shell(app: Flask) -> None:
    with app.app_context():
        call = write_api_call("POST", "/api/x", {"reason": "it's over"})
    assert call.startswith("curl -X POST http")
    assert call.endswith("""-d '{"reason":"it'"'"'s over"}'""")
