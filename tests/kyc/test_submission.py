"""A person sends documents: once, under one number, which nobody else may use."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.kyc.conftest import NUMBER, Desk
from tests.pictures import samples


def test_a_submission_waits_for_staff(desk: Desk) -> None:
    headers = desk.join()
    assert desk.own(headers) == {
        "id": None,
        "status": "none",
        "rejection_reason": None,
        "submitted_at": None,
        "decided_at": None,
    }
    assert desk.profile(headers)["kyc_status"] == "none"
    answer = desk.send(headers)
    assert answer.status_code == 202
    assert answer.get_json()["status"] == "pending"
    assert desk.own(headers) == answer.get_json()
    assert desk.profile(headers)["kyc_status"] == "pending"


def test_a_submission_needs_a_sign_in(desk: Desk) -> None:
    assert desk.send({}).status_code == 401
    assert desk.send(desk.staff).status_code == 401
    assert desk.client.get("/api/auth/kyc").status_code == 401


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"front": None}, "front"),
        ({"back": None}, "back"),
        ({"front": "text"}, "front"),
        ({"status": "approved"}, "status"),
        ({"number": None}, "citizenship_number"),
        ({"selfie": samples.jpeg()}, "selfie"),
    ],
)
def test_a_submission_needs_each_of_its_three_fields(desk: Desk, parts: dict[str, Any], field: str) -> None:
    answer = desk.send(desk.join(), **parts)
    assert answer.status_code == 422
    assert field in answer.get_json()["errors"]


def test_a_submission_is_a_form(desk: Desk) -> None:
    answer = desk.client.post("/api/auth/kyc", headers=desk.join(), json={"citizenship_number": NUMBER})
    assert answer.status_code == 415
    assert "multipart" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    "number",
    ["", "1", "---", "ABC", "1-2 3", "9" * 31, "12345;DROP", "<b>12345", "12345\x00", "१", "12🙂345", "1" * 5000],
)
def test_a_wrong_number_is_refused(desk: Desk, number: str) -> None:
    answer = desk.send(desk.join(), number)
    assert answer.status_code == 422, answer.text
    assert desk.rows("SELECT 1 FROM kyc_submissions") == []


@pytest.mark.parametrize("bad", [b"", b"MZ\x90\x00" + bytes(90), b"<svg/>", b"<html><script>1</script></html>"])
def test_a_file_that_is_no_picture_is_refused_and_the_person_may_try_again(desk: Desk, bad: bytes) -> None:
    headers = desk.join()
    answer = desk.send(headers, back=bad)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "picture_type_unsupported")
    assert desk.own(headers)["status"] == "none"
    assert desk.send(headers).status_code == 202


def test_a_damaged_picture_and_a_bomb_are_refused(desk: Desk) -> None:
    headers = desk.join()
    damaged = desk.send(headers, front=samples.jpeg()[:300])
    assert (damaged.status_code, damaged.get_json()["code"]) == (422, "picture_broken")
    bomb = desk.send(headers, front=samples.png_bomb())
    assert (bomb.status_code, bomb.get_json()["code"]) == (422, "picture_too_many_pixels")
    large = desk.send(headers, front=samples.jpeg() + bytes(8 * 1024 * 1024))
    assert (large.status_code, large.get_json()["code"]) == (413, "picture_too_large")


@pytest.mark.parametrize(
    "again", ["27-01-70-12345", "२७-०१-७०-१२३४५", "27017012345", " 27/01/70\u200d 12345 ", "２７０１７０１２３４５"]
)
def test_a_number_is_one_persons_however_it_is_written(desk: Desk, again: str) -> None:
    desk.submitted(desk.join("sita"))
    answer = desk.send(desk.join("hari"), again)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "citizenship_number_taken")
    assert NUMBER not in answer.text
    assert desk.send(desk.join("gita"), "27-01-70-12346").status_code == 202


def test_staff_see_the_number_as_it_was_written(desk: Desk) -> None:
    desk.submitted(desk.join(), " २७-०१-७०-१२३४५a ")
    assert [item["citizenship_number"] for item in desk.queue()] == ["27-01-70-12345A"]


def test_nobody_submits_again_while_one_waits_or_is_approved(desk: Desk) -> None:
    headers = desk.join()
    submission_id = desk.submitted(headers)
    answer = desk.send(headers, "99-99-99-99999")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "kyc_pending")
    desk.approve(submission_id)
    answer = desk.send(headers, "99-99-99-99999")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "kyc_approved")
    assert desk.profile(headers)["kyc_status"] == "approved"


def test_a_person_submits_again_after_a_rejection(desk: Desk) -> None:
    headers = desk.join()
    first = desk.submitted(headers)
    desk.reject(first, "Too dark.")
    assert desk.own(headers)["rejection_reason"] == "Too dark."
    second = desk.submitted(headers)
    assert second != first
    assert desk.own(headers)["rejection_reason"] is None
    assert desk.profile(headers)["kyc_status"] == "pending"
    desk.reject(second)
    desk.submitted(headers, "11-11-11-11111")


def test_a_rejected_number_is_free_and_who_takes_it_keeps_it(desk: Desk) -> None:
    thief, owner = desk.join("thief"), desk.join("owner")
    desk.reject(desk.submitted(thief))
    desk.submitted(owner)
    answer = desk.send(thief)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "citizenship_number_taken")
    assert desk.own(thief)["status"] == "rejected"


def test_of_people_who_race_for_a_number_one_gets_it(desk: Desk) -> None:
    people = [desk.join(f"person{number}") for number in range(4)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(desk.send, people))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
    assert {answer.get_json().get("code") for answer in answers} == {None, "citizenship_number_taken"}
    assert len(desk.rows("SELECT 1 FROM kyc_records")) == 1
    # Whoever lost has left nothing behind.
    assert len(desk.rows("SELECT 1 FROM kyc_submissions")) == 1
    assert len(desk.rows("SELECT 1 FROM kyc_documents")) == 2
    assert len(desk.rows("SELECT 1 FROM users WHERE kyc_status = 'pending'")) == 1


def test_two_submissions_at_once_become_one(desk: Desk) -> None:
    headers = desk.join()
    with ThreadPoolExecutor(max_workers=3) as pool:
        answers = list(pool.map(lambda _: desk.send(headers), range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    assert {answer.get_json().get("code") for answer in answers} == {None, "kyc_pending"}
    assert len(desk.rows("SELECT 1 FROM kyc_submissions")) == 1
    assert len(desk.rows("SELECT 1 FROM outbox_jobs WHERE job = 'process_kyc_submission'")) == 1


def test_the_database_holds_what_the_rules_say(desk: Desk) -> None:
    desk.submitted(desk.join("sita"))
    desk.submitted(desk.join("hari"), "11-22-33")
    for statement in (
        "UPDATE kyc_records SET number_digest = (SELECT max(number_digest) FROM kyc_records)",
        "UPDATE kyc_records SET status = 'rejected'",
        "UPDATE kyc_records SET number_digest = NULL",
        "UPDATE kyc_records SET submission_id = (SELECT max(submission_id::text)::uuid FROM kyc_records)",
        "UPDATE kyc_records r SET submission_id = s.id FROM kyc_submissions s WHERE s.user_id <> r.user_id",
        "UPDATE users SET kyc_status = 'vip'",
        "UPDATE kyc_submissions SET decision = 'approved'",
        "UPDATE kyc_documents SET stored_at = now()",
    ):
        with pytest.raises(Exception, match="violates"):
            desk.change(statement)
