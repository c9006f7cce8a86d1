"""Staff note, sign people out and send messages again; who looks at contact data is on record."""

from collections.abc import Callable
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.notifications.people import dispatch
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.users import lifecycle
from tests.admin.conftest import person, signed_in  # noqa: F401
from tests.admin.steps import NOBODY, USERS, StaffHeaders, Work
from tests.people import Inbox, rows

Person = Callable[..., UUID]


def test_notes_are_for_staff_and_forgotten_with_the_account(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
) -> None:
    sita, support = person(), staff_headers("support")
    for text in ("Called twice.", "फोन उठाउनुभएन।"):
        answer = client.post(f"{USERS}/{sita}/notes", headers=support, json={"text": text})
        assert (answer.status_code, answer.get_json()["text"]) == (201, text)
    found = client.get(f"{USERS}/{sita}/notes?limit=1", headers=staff_headers("viewer")).get_json()
    assert [each["text"] for each in found["items"]] == ["फोन उठाउनुभएन।"]
    assert found["next_cursor"] is not None
    assert rows(app, "SELECT action, new ? 'text' FROM audit_log") == [("user.note", False)] * 2
    for text in ("", " ", "x" * 2001):
        assert client.post(f"{USERS}/{sita}/notes", headers=support, json={"text": text}).status_code == 422
    refused = client.post(f"{USERS}/{sita}/notes", headers=staff_headers("finance"), json={"text": "x"})
    assert refused.status_code == 403
    assert client.post(f"{USERS}/{NOBODY}/notes", headers=support, json={"text": "x"}).status_code == 404
    with app.app_context(), transaction():
        lifecycle.end_account(sita, now=utcnow())
    assert rows(app, "SELECT count(*) FROM user_notes") == [(0,)]
    assert client.get(f"{USERS}/{sita}/notes", headers=support).status_code == 404


def test_staff_sign_a_person_out_everywhere(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
    signed_in: Callable[[UUID], dict[str, str]],  # noqa: F811
) -> None:
    sita, support = person(), staff_headers("support")
    headers = [signed_in(sita), signed_in(sita)]
    listed = client.get(f"{USERS}/{sita}/sessions", headers=staff_headers("viewer")).get_json()["items"]
    assert [each["ended_at"] for each in listed] == [None, None]
    answer = client.post(f"{USERS}/{sita}/end-sessions", headers=support, json={"reason": "a stolen phone"})
    assert answer.get_json() == {"ended": 2}
    assert [client.get("/api/users/me", headers=each).status_code for each in headers] == [401, 401]
    assert rows(app, "SELECT action, new FROM audit_log") == [
        ("user.end_sessions", {"reason": "a stolen phone", "ended": 2})
    ]
    assert client.post(f"{USERS}/{sita}/end-sessions", headers=support, json={}).status_code == 422


def test_a_message_is_sent_again_as_one_of_its_own(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
    work: Work,
    inbox: Inbox,
) -> None:
    sita, support = person(email="sita@example.com"), staff_headers("support")
    with app.app_context(), transaction():
        dispatch.tell_user(user_id=sita, type=NoticeType.KYC_APPROVED, context={})
    work()
    before = len(inbox.bodies("email", "sita@example.com"))
    (delivery,) = rows(app, "SELECT id FROM deliveries WHERE channel = 'email'")[0]
    answer = client.post(f"/api/admin/deliveries/{delivery}/resend", headers=support)
    assert (answer.status_code, answer.get_json()["status"]) == (201, "queued")
    again = client.post(f"/api/admin/deliveries/{answer.get_json()['id']}/resend", headers=support)
    assert (again.status_code, again.get_json()["code"]) == (409, "delivery_under_way")
    work()
    assert len(inbox.bodies("email", "sita@example.com")) == before + 1
    assert client.post(f"/api/admin/deliveries/{NOBODY}/resend", headers=support).status_code == 404
    assert client.post(f"/api/admin/deliveries/{delivery}/resend", headers=staff_headers("viewer")).status_code == 403


def test_who_sees_contact_data_in_full_is_on_record(
    app: Flask,
    client: FlaskClient,
    staff_headers: StaffHeaders,
    person: Person,  # noqa: F811
) -> None:
    sita = person()
    assert client.get(f"{USERS}/{sita}", headers=staff_headers("viewer")).get_json()["phone"] == "+977******78"
    assert rows(app, "SELECT count(*) FROM audit_log") == [(0,)]
    assert client.get(f"{USERS}/{sita}", headers=staff_headers("support")).get_json()["phone"] == "+9779812345678"
    assert rows(app, "SELECT action, object_id FROM audit_log") == [("user.read_contact", str(sita))]
