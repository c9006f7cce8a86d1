"""The console shows staff what concerns their role."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.staff.services import notify_staff
from tests.admin.test_console_pages import sign_in, token_of
from tests.conftest import PASSWORD
from tests.people import rows

PAGE = "/console/notices"


@pytest.fixture
def operator(app: Flask, client: FlaskClient) -> FlaskClient:
    with app.app_context(), transaction():
        administration.ensure_staff(email="ops@example.com", password=PASSWORD, role=Role.OPERATIONS)
        for number in range(52):
            notify_staff(type=StaffNoticeType.NO_WORKERS, context={"detail": f"<b>queue {number:02d}"})
        notify_staff(type=StaffNoticeType.LEDGER_MISMATCH, context={"check": "account", "subject": "7"})
    sign_in(client, "ops@example.com")
    return client


def test_notices_for_the_role_are_listed_newest_first(operator: FlaskClient) -> None:
    page = operator.get(PAGE)
    assert page.status_code == 200
    assert re.findall(r"&lt;b&gt;queue (\d+)", page.text) == [f"{number:02d}" for number in range(51, 1, -1)]
    assert "ledger" not in page.text
    assert "52 unread" in page.text
    older = re.search(r'href="([^"]+cursor=[^"]+)"', page.text)
    assert older
    assert re.findall(r"queue (\d+)", operator.get(older[1]).text) == ["01", "00"]
    assert operator.get(f"{PAGE}?cursor=nonsense").status_code == 200


def test_each_member_marks_notices_for_themselves(app: Flask, operator: FlaskClient) -> None:
    page = operator.get(PAGE)
    form = {"csrf_token": token_of(page)}
    first = re.search(r'action="(/console/notices/[0-9a-f-]+/read)"', page.text)
    assert first
    assert operator.post(first[1], data=form).status_code == 302
    assert "51 unread" in operator.get(PAGE).text
    assert operator.post(f"{PAGE}/read-all").status_code == 400
    assert operator.post(f"{PAGE}/read-all", data=form).status_code == 302
    assert "unread" not in operator.get(PAGE).text
    assert rows(app, "SELECT count(*) FROM staff_notice_reads") == [(52,)]


def test_strangers_are_sent_to_the_sign_in(client: FlaskClient) -> None:
    assert client.get(PAGE).location.startswith("/console/login")
