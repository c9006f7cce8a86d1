"""Staff work through identity checks at the console."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.admin.console.conftest import Member
from tests.kyc.conftest import NUMBER, Desk
from tests.people import rows

Console = Callable[..., Member]
PAGE = "/console/identity"


@pytest.fixture
def desk(app: Flask, client: FlaskClient, staff_headers: Callable[..., Any]) -> Iterator[Desk]:
    desk = Desk(app, client, staff_headers("operations"))
    yield desk
    for path in desk.files():
        path.unlink()


def begin(member: Member) -> str:
    """Begin with the oldest check, and return the address of its page."""
    answer = member.send(f"{PAGE}?status=pending", f"{PAGE}/next")
    return answer.request.path


def test_checks_are_decided_one_after_the_other(desk: Desk, console: Console) -> None:
    first, second = desk.submitted(desk.join("sita")), desk.submitted(desk.join("hari"), "11-22-33")
    asha = console("operations", "asha")
    assert begin(asha) == f"{PAGE}/{first}"
    shown = asha.read(f"{PAGE}/{first}")
    assert NUMBER in shown
    pictures = re.findall(r'<img src="(/media/documents/[^"]+)"', shown)
    assert [asha.open(each).status_code for each in pictures] == [200, 200]
    answer = asha.send(f"{PAGE}/{first}", f"{PAGE}/{first}/approve")
    assert answer.request.path == f"{PAGE}/{second}", "the next one is there at once"
    reason = "The picture is blurred or too dark to read."
    answer = asha.send(f"{PAGE}/{second}", f"{PAGE}/{second}/reject", reason=reason)
    assert answer.request.path == PAGE
    decided = rows(desk.app, "SELECT decision, reason FROM kyc_submissions ORDER BY id")
    assert decided == [("approved", None), ("rejected", reason)]
    actions = rows(desk.app, "SELECT action FROM audit_log WHERE object_kind = 'kyc' ORDER BY id")
    assert [each for (each,) in actions] == ["kyc.view_document"] * 2 + ["kyc.approved", "kyc.rejected"]


def test_two_members_never_get_the_same_one(desk: Desk, console: Console) -> None:
    first, second = desk.submitted(desk.join("sita")), desk.submitted(desk.join("hari"), "11-22-33")
    asha, binod = console("operations", "asha"), console("operations", "binod")
    assert [begin(asha), begin(binod)] == [f"{PAGE}/{first}", f"{PAGE}/{second}"]
    shown = binod.read(f"{PAGE}/{first}")
    assert "asha@example.com looks at it" in shown
    assert "/approve" not in re.sub(r"<details.*?</details>", "", shown, flags=re.DOTALL)
    assert "asha@example.com" in binod.read(f"{PAGE}?status=pending")


def test_a_rejection_without_a_reason_is_asked_for_one(desk: Desk, console: Console) -> None:
    submission_id = desk.submitted(desk.join())
    asha = console("operations", "asha")
    begin(asha)
    answer = asha.send(f"{PAGE}/{submission_id}", f"{PAGE}/{submission_id}/reject")
    assert "Choose a reason, or write one." in answer.text
    assert rows(desk.app, "SELECT decision FROM kyc_submissions") == [(None,)]


def test_doubles_are_shown_with_what_is_the_same(desk: Desk, console: Console) -> None:
    before = desk.submitted(desk.join("hari"))
    desk.reject(before)
    desk.change("UPDATE users SET first_name = 'Sita', last_name = 'Rai', date_of_birth = '1990-01-02'")
    desk.submitted(desk.join("sita"))
    desk.change("UPDATE users SET first_name = 'sita', last_name = 'RAI', date_of_birth = '1990-01-02'")
    asha = console("operations", "asha")
    shown = asha.read(begin(asha))
    assert re.search(r"hari.*number,.*name,.*birthday", shown, re.DOTALL)


def test_each_role_sees_and_decides_what_it_may(desk: Desk, console: Console) -> None:
    submission_id = desk.submitted(desk.join())
    support = console("support", "bina")
    assert "/claim" not in support.read(f"{PAGE}/{submission_id}")
    assert "/next" not in support.read(f"{PAGE}?status=pending")
    assert console("finance", "chandra").open(f"{PAGE}?status=pending").status_code == 403
