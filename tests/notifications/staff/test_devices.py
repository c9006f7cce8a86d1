"""Staff get pushes on the devices where they are signed in."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.notifications.staff import services as staff
from powerbank.outbox.enqueue import publish
from powerbank.stations.events import StationIssueReported
from tests.people import Inbox, change, rows

Work = Callable[..., None]
StaffHeaders = Callable[..., dict[str, str]]
PATH = "/api/admin/devices"


def register(client: FlaskClient, headers: dict[str, str], token: str) -> dict[str, str]:
    answer = client.post(PATH, json={"fcm_token": token, "platform": "android"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def reported(app: Flask, times: int = 1) -> None:
    """Let a person report something critical."""
    for _ in range(times):
        with app.app_context(), transaction():
            publish(
                StationIssueReported(
                    issue_id=uuid4(),
                    report_id=uuid4(),
                    user_id=uuid4(),
                    station_sn="KTM-1",
                    issue_type="damaged",
                    priority="critical",
                    first=True,
                )
            )


def test_critical_issue_is_pushed_to_staff_who_can_act(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    operator = staff_headers("operations")
    for headers, token in ((operator, "phone"), (operator, "tablet"), (staff_headers("viewer"), "viewers")):
        register(client, headers, f"staff-token-{token}")
    staff_headers("superadmin")  # has no device
    reported(app)
    work()
    pushes = inbox.of("push")
    assert {push.to for push in pushes} == {"staff-token-phone", "staff-token-tablet"}
    assert {push.title for push in pushes} == {"KTM-1: somebody reports a problem"}
    assert {mail.to for mail in inbox.of("email")} == {"operations@example.com", "superadmin@example.com"}


def test_staff_device_is_listed_recognised_and_removed(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    boss, operator = staff_headers("superadmin"), staff_headers("operations")
    made = register(client, boss, "staff-token-1")
    assert "fcm_token" not in made
    again = client.post(PATH, json={"fcm_token": "staff-token-1", "platform": "ios"}, headers=boss)
    assert (again.status_code, again.get_json()["id"], again.get_json()["platform"]) == (200, made["id"], "ios")
    assert [item["id"] for item in client.get(PATH, headers=boss).get_json()["items"]] == [made["id"]]
    assert client.get(PATH, headers=operator).get_json()["items"] == []
    assert client.delete(f"{PATH}/{made['id']}", headers=operator).status_code == 404
    assert client.delete(f"{PATH}/{made['id']}", headers=boss).status_code == 204
    assert client.get(PATH, headers=boss).get_json()["items"] == []


def test_token_belongs_to_the_member_who_registered_it_last(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    viewer, operator = staff_headers("viewer"), staff_headers("operations")
    register(client, operator, "staff-token-1")
    register(client, viewer, "staff-token-1")
    assert client.get(PATH, headers=operator).get_json()["items"] == []
    reported(app)
    work()
    assert inbox.of("push") == []


@pytest.mark.parametrize(
    "over",
    [
        "UPDATE staff_sessions SET ended_at = now(), end_cause = 'logout'",
        "UPDATE staff_sessions SET expires_at = now()",
        "UPDATE staff SET generation = generation + 1",
        "UPDATE staff SET active = false",
        "UPDATE staff SET role = 'viewer'",
        "DELETE FROM staff_sessions",
        "DELETE FROM staff_devices",
    ],
)
@pytest.mark.parametrize("already_told", [False, True])
def test_pushes_to_staff_end_with_the_sign_in(
    app: Flask,
    client: FlaskClient,
    work: Work,
    inbox: Inbox,
    staff_headers: StaffHeaders,
    over: str,
    already_told: bool,
) -> None:
    register(client, staff_headers("operations"), "staff-token-1")
    if already_told:  # and the push is on its way
        reported(app)
        work("critical")
        assert rows(app, "SELECT status FROM deliveries WHERE channel = 'push'") == [("queued",)]
        change(app, over)
    else:
        change(app, over)
        reported(app)
    work()
    assert inbox.of("push") == []


def test_unregistered_token_ends_the_staff_device(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    register(client, headers, "staff-token-1")
    inbox.sandbox.faults.set("fcm", "unregistered", times=1)
    reported(app)
    work()
    assert client.get(PATH, headers=headers).get_json()["items"] == []
    assert rows(app, "SELECT status FROM deliveries WHERE channel = 'push'") == [("failed",)]


def test_devices_and_hourly_pushes_of_a_member_are_limited(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    for number in range(12):
        register(client, headers, f"staff-token-{number:02}")
    assert len(client.get(PATH, headers=headers).get_json()["items"]) == 10
    reported(app, times=12)
    work()
    assert {push.to for push in inbox.of("push")} == {f"staff-token-{number:02}" for number in range(2, 12)}
    assert len(inbox.of("push")) == 10 * staff.PER_HOUR


def test_staff_choose_which_types_are_pushed(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers()
    address = "/api/admin/rules/critical_issue"
    assert client.get(address, headers=headers).get_json()["channels"] == ["email", "push"]
    for channels, status in ((["push"], 200), (["sms"], 422)):
        assert client.patch(address, json={"channels": channels}, headers=headers).status_code == status
