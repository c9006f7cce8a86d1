"""A stream ends with the sign-in that opened it, also when nobody heard that it ended."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.live.conftest import StartLive
from tests.live.streaming import LiveProcess, Stream
from tests.people import Headers, People, change

SOON = 5.0  # seconds in which it has to end

StaffHeaders = Callable[..., Headers]


def bye(stream: Stream, *, within: float = SOON) -> str:
    reason: str = stream.expect("bye", within=within).data["reason"]
    stream.expect_end()
    return reason


def test_who_signs_out_hears_no_more_and_other_devices_go_on(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    phone = people.join("sita")
    tablet = people.sign_in(phone)
    on_phone, on_tablet = live.follow(client, phone.headers, "me"), live.follow(client, tablet.headers, "me")
    assert client.post("/api/auth/logout", json={"refresh_token": phone.refresh_token}).status_code == 204
    assert bye(on_phone, within=1.5) == "signed_out"
    assert on_tablet.silent_for(3.0)


def test_a_stream_ends_although_the_announcement_was_lost(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess
) -> None:
    stream = live.follow(client, people.join("sita").headers, "me")
    change(app, "UPDATE sessions SET ended_at = now(), end_cause = 'logout'")
    assert bye(stream) == "signed_out"


def test_who_signs_out_everywhere_hears_no_more_anywhere(
    client: FlaskClient, people: People, live: LiveProcess
) -> None:
    phone = people.join("sita")
    streams = [live.follow(client, each.headers, "me") for each in (phone, people.sign_in(phone))]
    assert client.post("/api/auth/logout-all", json={"refresh_token": phone.refresh_token}).status_code == 204
    assert [bye(each) for each in streams] == ["signed_out", "signed_out"]


def test_a_banned_persons_stream_ends(
    app: Flask, client: FlaskClient, people: People, live: LiveProcess, staff_headers: StaffHeaders
) -> None:
    sita, ram = people.join("sita"), people.join("ram")
    of_sita, of_ram = live.follow(client, sita.headers, "me"), live.follow(client, ram.headers, "me")
    body = {"status": "banned", "reason": "sold a power bank"}
    answer = client.post(f"/api/admin/users/{sita.id}/status", json=body, headers=staff_headers())
    assert answer.status_code == 200
    assert bye(of_sita) == "blocked"
    assert of_ram.silent_for(1.0)
    answer = client.post("/api/live/tickets", json={"topics": ["me"]}, headers=sita.headers)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("change_of_staff", "reason"),
    [
        ({"role": "viewer"}, "signed_out"),
        ({"active": False}, "blocked"),
    ],
    ids=["another-role", "put-out"],
)
def test_staff_whose_rights_change_hear_no_more(
    client: FlaskClient,
    live: LiveProcess,
    staff_headers: StaffHeaders,
    change_of_staff: dict[str, object],
    reason: str,
) -> None:
    superadmin, support = staff_headers(), staff_headers("support")
    stream, own = live.follow(client, support, "console"), live.follow(client, superadmin, "console")
    [member] = [
        each
        for each in client.get("/api/admin/staff", headers=superadmin).get_json()["items"]
        if each["role"] == "support"
    ]
    answer = client.patch(f"/api/admin/staff/{member['id']}", json=change_of_staff, headers=superadmin)
    assert answer.status_code == 200, answer.text
    assert bye(stream) == reason
    assert own.silent_for(1.0)


def test_a_sign_in_of_staff_that_is_over_ends_its_streams(
    app: Flask, client: FlaskClient, live: LiveProcess, staff_headers: StaffHeaders
) -> None:
    stream = live.follow(client, staff_headers(), "console")
    change(app, "UPDATE staff_sessions SET expires_at = now() - interval '1 second'")
    assert bye(stream) == "signed_out"


def test_a_ticket_of_a_sign_in_that_has_just_ended_opens_no_stream_for_long(
    client: FlaskClient, people: People, start_live: StartLive
) -> None:
    live = start_live()
    sita = people.join("sita")
    url = client.post("/api/live/tickets", json={"topics": ["me"]}, headers=sita.headers).get_json()["url"]
    client.post("/api/auth/logout", json={"refresh_token": sita.refresh_token})
    stream = live.stream(url)
    assert stream.head()[0] == 200
    stream.expect("hello")
    assert bye(stream) == "signed_out"
