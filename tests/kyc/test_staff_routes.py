"""Staff look and decide: each decision is made once, each look is recorded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from itsdangerous import URLSafeTimedSerializer

from powerbank.base.db import utcnow
from tests.kyc.conftest import NUMBER, Desk
from tests.people import Headers, Inbox
from tests.pictures.samples import decoded

StaffHeaders = Callable[..., Headers]
Work = Callable[..., None]


def test_the_queue_shows_who_waits_oldest_first(desk: Desk) -> None:
    first = desk.submitted(desk.join("sita"))
    second = desk.submitted(desk.join("hari"), "11-22-33")
    third = desk.submitted(desk.join("gita"), "44-55-66")
    desk.approve(second)
    items = desk.queue(status="pending")
    assert [item["id"] for item in items] == [first, third]
    assert items[0]["user"]["username"] == "sita"
    assert items[0]["user"]["id"] == str(desk.user_id("sita"))
    assert (items[0]["citizenship_number"], items[0]["status"]) == (NUMBER, "pending")
    assert [item["id"] for item in desk.queue(status="approved")] == [second]
    assert [item["id"] for item in desk.queue()] == [first, second, third]


def test_the_queue_is_paged(desk: Desk) -> None:
    wanted = [desk.submitted(desk.join(f"person{number}"), f"100{number}") for number in range(3)]
    answer = desk.client.get("/api/admin/kyc?limit=2", headers=desk.staff).get_json()
    rest = desk.client.get(f"/api/admin/kyc?limit=2&cursor={answer['next_cursor']}", headers=desk.staff).get_json()
    assert [item["id"] for item in answer["items"] + rest["items"]] == wanted
    assert rest["next_cursor"] is None


def test_the_detail_shows_what_the_person_sent_before(desk: Desk) -> None:
    headers = desk.join()
    first = desk.submitted(headers)
    desk.reject(first, "Too dark.")
    second = desk.submitted(headers)
    shown = desk.client.get(f"/api/admin/kyc/{second}", headers=desk.staff).get_json()
    assert shown["status"] == "pending"
    assert [(one["id"], one["status"], one["reason"]) for one in shown["history"]] == [
        (second, "pending", None),
        (first, "rejected", "Too dark."),
    ]
    earlier = desk.client.get(f"/api/admin/kyc/{first}", headers=desk.staff).get_json()
    assert earlier["status"] == "rejected"


def test_an_approval_reaches_the_person_and_is_recorded(desk: Desk) -> None:
    headers = desk.join()
    submission_id = desk.submitted(headers)
    answer = desk.approve(submission_id)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "approved")
    assert desk.own(headers)["status"] == "approved"
    assert desk.profile(headers)["kyc_status"] == "approved"
    (entry,) = desk.rows("SELECT * FROM audit_log")
    assert entry.actor.startswith("staff:")
    assert (entry.action, entry.object_id) == ("kyc.approved", submission_id)
    assert (entry.old, entry.new) == ({"status": "pending"}, {"status": "approved"})


def test_a_rejection_needs_a_reason_that_the_person_reads(desk: Desk) -> None:
    headers = desk.join()
    submission_id = desk.submitted(headers)
    for reason in ("", "   ", "x" * 501, "a\x07b"):
        assert desk.reject(submission_id, reason).status_code == 422
    assert desk.own(headers)["status"] == "pending"
    assert desk.reject(submission_id, "पछाडिको भाग अस्पष्ट छ।").status_code == 200
    assert desk.own(headers)["rejection_reason"] == "पछाडिको भाग अस्पष्ट छ।"
    (entry,) = desk.rows("SELECT old, new FROM audit_log")
    assert entry.new == {"status": "rejected"}


def test_both_decisions_are_told(desk: Desk, work: Work, inbox: Inbox) -> None:
    sita, hari = desk.join("sita"), desk.join("hari")
    approved, rejected = desk.submitted(sita), desk.submitted(hari, "11-22-33")
    work()
    assert [row.type for row in desk.rows("SELECT type FROM staff_notices")] == ["kyc_to_review"] * 2
    desk.approve(approved)
    desk.reject(rejected, "Blurred & dark.")
    work()
    for headers, kind, word in ((sita, "kyc_approved", "take a power bank"), (hari, "kyc_rejected", "Blurred & dark.")):
        items = desk.client.get("/api/notifications", headers=headers).get_json()["items"]
        (notice,) = [item for item in items if item["type"] == kind]
        assert word in notice["body"]
    assert [body for body in inbox.bodies("email", "hari@example.com") if "Blurred & dark." in body]
    assert [body for body in inbox.bodies("email", "sita@example.com") if "take a power bank" in body]


def test_a_decision_is_final(desk: Desk) -> None:
    submission_id = desk.submitted(desk.join())
    desk.reject(submission_id)
    for again in (desk.approve(submission_id), desk.reject(submission_id)):
        assert (again.status_code, again.get_json()["code"]) == (409, "kyc_decided")
    assert desk.approve(str(uuid4())).status_code == 404


def test_a_submission_that_was_replaced_cannot_be_approved(desk: Desk) -> None:
    headers = desk.join()
    first = desk.submitted(headers)
    desk.reject(first)
    desk.submitted(headers)
    assert desk.approve(first).status_code == 409
    assert desk.own(headers)["status"] == "pending"


def test_of_reviewers_who_decide_at_once_one_does(desk: Desk) -> None:
    submission_id = desk.submitted(desk.join())
    with ThreadPoolExecutor(max_workers=4) as pool:
        decisions = [pool.submit(desk.approve if number % 2 else desk.reject, submission_id) for number in range(4)]
        statuses = sorted(decision.result().status_code for decision in decisions)
    assert statuses == [200, 409, 409, 409]
    assert len(desk.rows("SELECT 1 FROM audit_log")) == 1
    (row,) = desk.rows(
        "SELECT s.decision, r.status, u.kyc_status FROM kyc_submissions s"
        " JOIN kyc_records r ON r.submission_id = s.id JOIN users u ON u.id = s.user_id"
    )
    assert row.decision == row.status == row.kyc_status


def test_each_role_reads_and_decides_what_it_may(desk: Desk, staff_headers: StaffHeaders) -> None:
    submission_id = desk.submitted(desk.join())
    support, finance = staff_headers("support"), staff_headers("finance")
    assert desk.client.get("/api/admin/kyc", headers=support).status_code == 200
    assert desk.approve(submission_id, support).status_code == 403
    assert desk.client.get("/api/admin/kyc", headers=finance).status_code == 403
    assert desk.links(submission_id, finance).status_code == 403
    assert desk.client.get("/api/admin/kyc", headers=desk.join("hari")).status_code == 401


def test_a_link_shows_the_picture_and_each_view_is_recorded(desk: Desk) -> None:
    submission_id = desk.submitted(desk.join())
    answer = desk.links(submission_id).get_json()
    assert set(answer) == {"front", "back"}
    for side, colour in (("front", 0), ("back", 2)):
        view = desk.client.get(answer[side]["url"])
        assert view.status_code == 200
        assert view.headers["Content-Type"] == "image/jpeg"
        pixel = decoded(view.data).getpixel((30, 20))
        assert isinstance(pixel, tuple)
        assert pixel[colour] > 240
        assert view.headers["Cache-Control"] == "no-store"
        assert view.headers["X-Content-Type-Options"] == "nosniff"
        assert view.headers["Content-Disposition"].startswith("inline")
        assert view.headers["Content-Security-Policy"].startswith("default-src 'none'; sandbox")
        assert view.headers["Referrer-Policy"] == "no-referrer"
    seen = desk.rows("SELECT action, object_id, new FROM audit_log ORDER BY id")
    assert [(row.action, row.object_id, row.new) for row in seen] == [
        ("kyc.view_document", submission_id, {"side": "front"}),
        ("kyc.view_document", submission_id, {"side": "back"}),
    ]


def test_a_link_ends_after_five_minutes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    url = desk.links(desk.submitted(desk.join())).get_json()["front"]["url"]
    at = utcnow()
    with monkeypatch.context() as later:
        later.setattr("powerbank.base.signatures.utcnow", lambda: at + timedelta(seconds=290))
        assert desk.client.get(url).status_code == 200
        later.setattr("powerbank.base.signatures.utcnow", lambda: at + timedelta(seconds=310))
        ended = desk.client.get(url)
    assert (ended.status_code, ended.get_json()["code"]) == (410, "link_expired")
    assert len(desk.rows("SELECT 1 FROM audit_log")) == 1


def test_a_link_belongs_to_who_asked_for_it(desk: Desk, staff_headers: StaffHeaders) -> None:
    submission_id = desk.submitted(desk.join())
    url = desk.links(submission_id).get_json()["front"]["url"]
    assert desk.client.get(url, headers=desk.staff).status_code == 200
    foreign = desk.client.get(url, headers=staff_headers("superadmin"))
    assert (foreign.status_code, foreign.get_json()["code"]) == (403, "link_refused")
    assert desk.client.get(url, headers=desk.join("hari")).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff SET active = false",
        "UPDATE staff SET generation = generation + 1",
        "UPDATE staff SET role = 'viewer'",
    ],
)
def test_a_link_ends_with_the_right_to_it(desk: Desk, change: str) -> None:
    url = desk.links(desk.submitted(desk.join())).get_json()["front"]["url"]
    desk.change(change)
    assert desk.client.get(url).status_code == 403


def test_a_link_is_for_one_document(desk: Desk) -> None:
    links = desk.links(desk.submitted(desk.join())).get_json()
    token = links["front"]["url"].split("token=")[1]
    other = links["back"]["url"].split("?")[0]
    for address in (f"{other}?token={token}", f"{other}?token={token}x", f"{other}?token=x"):
        assert desk.client.get(address).status_code == 403
    assert desk.client.get(other).status_code == 422
    foreign = URLSafeTimedSerializer("another key", salt="kyc-document").dumps(["a", "b", 1])
    assert desk.client.get(f"{other}?token={foreign}").status_code == 403
    ours_of_another_kind = URLSafeTimedSerializer(desk.app.config["SECRET_KEY"], salt="kyc-document").dumps("x")
    assert desk.client.get(f"{other}?token={ours_of_another_kind}").status_code == 403
    assert desk.rows("SELECT 1 FROM audit_log") == []


def test_a_link_says_when_it_ends(desk: Desk) -> None:
    from datetime import datetime

    told = desk.links(desk.submitted(desk.join())).get_json()["front"]["expires_at"]
    left = datetime.fromisoformat(told) - utcnow()
    assert timedelta(seconds=280) < left <= timedelta(seconds=300)
