"""A real browser before the real pages. Without Chromium (`apt-get install chromium`) these tests do not run."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from flask import Flask
from werkzeug.serving import make_server

from powerbank.auth.staff import administration, totp
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from tests.browser.reader import ARGUMENTS, AXE, PHONE, WIDE, Reader
from tests.conftest import ADMIN, PASSWORD

# The shell is Chromium without all that a window needs, which nobody sees here: the same pages take a third less of the
# processor.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="session")
def site(app: Flask) -> Iterator[str]:
    """Serve the application of these tests to a browser."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed, so the journeys through the pages did not run")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


# Each size and each language is walked once. Whoever changes a page looks at all four: VIEWS=all ./scripts/test
# tests/browser/…
VIEWS = [(PHONE, "ne"), (WIDE, "en")]
if os.environ.get("VIEWS") == "all":
    VIEWS += [(PHONE, "en"), (WIDE, "ne")]


@pytest.fixture(params=VIEWS, ids="-".join)
def view(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Go through the test on a phone and on a wide screen, in both languages."""
    given: tuple[str, str] = request.param
    return given


@pytest.fixture
def reader(chromium: Any, site: str, view: tuple[str, str], clean: None) -> Iterator[Reader]:
    """Give somebody who reads the pages. In the end the console was silent and no other host was asked."""
    size, language = view
    reader = Reader(chromium, site, size=size, language=language, axe=AXE.read_text())
    yield reader
    reader.leave()
    assert reader.troubles == []


@pytest.fixture
def staff(app: Flask, reader: Reader) -> Callable[[Role], Reader]:
    """Sign in a member of staff with a role, and with a code if the member has an authenticator."""

    def sign_in(role: Role = Role.SUPERADMIN, *, totp_secret: str | None = None) -> Reader:
        with app.app_context(), transaction() as session:
            administration.ensure_staff(email=ADMIN, password=PASSWORD, role=role)
            if totp_secret:
                session.query(StaffMember).update(
                    {"totp_secret": totp.encrypt_secret(totp_secret), "totp_last_step": 0}
                )
        reader.sign_in(ADMIN, PASSWORD, code=pyotp.TOTP(totp_secret).now() if totp_secret else None)
        return reader

    return sign_in
