"""Staff before the pages of the console."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from tests.admin.test_console_pages import sign_in
from tests.conftest import PASSWORD


@dataclass
class Member:
    """A member of staff at the console: opens pages, and sends the forms that stand on them."""

    client: FlaskClient
    email: str

    def open(self, path: str) -> TestResponse:
        return self.client.get(path, buffered=True)

    def read(self, path: str) -> str:
        answer = self.open(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return unescape(answer.text)

    def send(self, page: str, action: str, /, **fields: Any) -> TestResponse:
        """Send the form of a page that leads to `action`, with what stands in it and these fields."""
        shown = self.client.get(page).text
        form = next(each for each in re.findall(r"<form.*?</form>", shown, re.DOTALL) if f'action="{action}"' in each)
        return self.client.post(action, data=hidden_fields(form) | fields, follow_redirects=True)


def hidden_fields(form: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in found}


@pytest.fixture
def console(app: Flask, client: FlaskClient) -> Callable[..., Member]:
    """Sign in a member of staff with a role: `console("finance")`. Each has a browser of their own."""

    def enter(role: str = "superadmin", name: str | None = None) -> Member:
        email = f"{name or role}@example.com"
        with app.app_context(), transaction():
            administration.ensure_staff(email=email, password=PASSWORD, role=Role(role))
        browser = app.test_client()
        sign_in(browser, email)
        return Member(browser, email)

    return enter
