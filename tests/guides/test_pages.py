"""The pages for authors of apps, as they are served."""

import re

import pytest
from flask.testing import FlaskClient

from powerbank.guides.library import list_guides

PAGES = ["/docs", "/docs/reference", "/docs/try", *(f"/docs/guides/{guide.name}" for guide in list_guides())]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_only_our_own_files(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    for address in re.findall(r'(?:src|href|data-redoc)="([^"#]+)"', page.text):
        assert address.startswith("/"), address
        with client.get(address) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("path", PAGES)
def test_only_the_page_to_try_it_allows_inline_styles_and_none_inline_code(client: FlaskClient, path: str) -> None:
    policy = client.get(path).headers["Content-Security-Policy"]
    assert ("'unsafe-inline'" in policy) == (path == "/docs/try")
    assert "script-src 'self';" in policy


def test_the_styles_of_the_reference_carry_a_nonce_that_serves_once(client: FlaskClient) -> None:
    first, second = client.get("/docs/reference"), client.get("/docs/reference")
    nonce = re.search(r'nonce="([^"]+)"', first.text)
    assert nonce
    assert f"'nonce-{nonce[1]}'" in first.headers["Content-Security-Policy"]
    assert nonce[1] not in second.text


def test_the_guides_are_listed_in_their_order_and_lead_to_each_other(client: FlaskClient) -> None:
    names = [guide.name for guide in list_guides()]
    assert names[0] == "first-five-minutes"
    assert names[-1] == "going-live"
    assert re.findall(r'<li><a href="/docs/guides/([a-z-]+)">', client.get("/docs").text) == names
    page = client.get(f"/docs/guides/{names[1]}").text
    assert f'rel="prev" href="/docs/guides/{names[0]}"' in page
    assert f'rel="next" href="/docs/guides/{names[2]}"' in page


def test_a_guide_shows_its_examples_in_every_language_and_leads_to_the_reference(client: FlaskClient) -> None:
    page = client.get("/docs/guides/signing-in").text
    for language in ("curl", "javascript", "kotlin", "swift"):
        assert f'data-language="{language}"' in page
    assert 'href="/docs/reference?route=POST%20/api/auth/get-otp"' in page


def test_an_example_is_a_file_to_save(client: FlaskClient) -> None:
    with client.get("/docs/guides/examples/signing-in/ask-for-a-code.sh") as answer:
        assert answer.mimetype == "text/plain"
        assert "/api/auth/get-otp" in answer.text
    assert client.get("/docs/guides/examples/../../../README.md").status_code == 404


def test_a_guide_that_there_is_not_is_a_page_that_says_so(client: FlaskClient) -> None:
    answer = client.get("/docs/guides/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
