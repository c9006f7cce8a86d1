"""What staff do: the queue, answers, notes, who answers whom, merging, and what they see beside a conversation."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.clock import format_time
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.ledger.events import DueWaived
from powerbank.outbox.enqueue import publish
from powerbank.rentals.events import CaseDecided
from powerbank.support.staff import search
from tests.people import Headers, change, rows
from tests.stations.conftest import Make
from tests.support.conftest import Begin, Talk

Work = Callable[..., object]


def test_an_answer_waits_for_the_person_and_has_an_author(begin: Begin) -> None:
    talk = begin()
    made = talk.staff_post("reply", {"text": "We look at it"})
    assert made.status_code == 201
    seen = talk.staff_seen()
    assert (seen["status"], seen["answer_due_at"]) == ("waiting", None)
    assert seen["assignee"] == made.get_json()["staff_id"]
    assert seen["first_answered_at"] is not None
    assert "staff_id" not in talk.messages()[-1]


def test_an_answer_that_is_sent_again_is_the_same_answer(begin: Begin) -> None:
    talk = begin()
    body = {"text": "Once", "client_id": "a"}
    assert [talk.staff_post("reply", body).status_code for _ in range(2)] == [201, 200]
    assert len(talk.messages()) == 2


def test_nobody_answers_over_a_colleague_unknowingly(begin: Begin, staff_headers: Callable[..., Headers]) -> None:
    talk = begin()
    seen = talk.messages()[-1]["id"]
    other = staff_headers("operations")
    assert talk.staff_post("reply", {"text": "first", "seen_up_to": seen}).status_code == 201
    refused = talk.staff_post("reply", {"text": "second", "seen_up_to": seen}, by=other)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "answered_meanwhile")
    newest = refused.get_json()["newest_message_id"]
    assert talk.staff_post("reply", {"text": "second", "seen_up_to": newest}, by=other).status_code == 201


def test_a_note_is_seen_by_staff_alone(client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    talk.staff_post("note", {"text": "Known to be rude"})
    assert [each["text"] for each in talk.messages()] == ["Hello"]
    assert talk.seen()["unread"] == 0
    assert [(each["text"], each["note"]) for each in talk.staff_messages()] == [
        ("Hello", False),
        ("Known to be rude", True),
    ]
    note_id = talk.staff_messages()[-1]["id"]
    assert talk.post("read", {"up_to": note_id}).status_code == 404


@pytest.mark.parametrize("newest", [0, 1, 1000])
def test_what_was_said_is_found_page_by_page_however_many_are_looked_at(
    client: FlaskClient, begin: Begin, monkeypatch: pytest.MonkeyPatch, newest: int
) -> None:
    monkeypatch.setattr(search, "NEWEST", newest)
    begun = [begin(name, f"A {word} cable") for name, word in (("sita", "torn"), ("hari", "red"), ("rita", "torn"))]
    begun[0].write("Still torn, a torn cable")
    found: list[str] = []
    cursor, address = "", "/api/admin/support/conversations?limit=1&q=torn+cable"
    while cursor is not None:
        answer = client.get(f"{address}&cursor={cursor}" if cursor else address, headers=begun[0].staff).get_json()
        found += [each["id"] for each in answer["items"]]
        cursor = answer["next_cursor"]
    assert found == [begun[0].id, begun[2].id]


def test_the_queue_is_found_by_what_one_looks_for(
    app: Flask, client: FlaskClient, begin: Begin, staff_headers: Callable[..., Headers]
) -> None:
    first, second = begin("sita", "The cable is torn"), begin("hari", "My refund")
    second.staff_post("reply", {"text": "It comes tomorrow"})
    staff = first.staff

    def found(query: str) -> list[str]:
        answer = client.get(f"/api/admin/support/conversations?{query}", headers=staff)
        assert answer.status_code == 200, answer.get_json()
        return [each["id"] for each in answer.get_json()["items"]]

    assert found("status=open") == [first.id]
    assert found("status=waiting") == [second.id]
    assert found("assignee=me") == [second.id]
    assert found("assignee=none") == [first.id]
    assert found("q=cable") == [first.id]
    assert found("q=tomorrow") == [second.id]
    assert found("overdue=true") == []
    change(app, "UPDATE conversations SET answer_due_at = now() - interval '1 minute' WHERE status = 'open'")
    assert found("overdue=true") == [first.id]
    until = format_time(utcnow() + timedelta(hours=2))
    assert first.staff_post("snooze", {"until": until}).status_code == 200
    assert found("status=open") == []
    first.write("Still torn")
    assert found("status=open") == [first.id]
    assert client.get("/api/admin/support/conversations?assignee=x", headers=staff).status_code == 422
    assert first.staff_post("snooze", {"until": format_time(utcnow() - timedelta(hours=2))}).status_code == 422


def test_it_is_given_to_who_may_answer(app: Flask, begin: Begin, staff_headers: Callable[..., Headers]) -> None:
    talk = begin()
    staff_headers("viewer")
    ids = dict(rows(app, "SELECT role, id::text FROM staff"))
    assert talk.staff_post("assign", {"assignee": ids["viewer"]}).status_code == 422
    assert talk.staff_post("assign", {"assignee": ids["support"]}).get_json()["assignee"] == ids["support"]
    assert talk.staff_post("assign", {"assignee": None}).get_json()["assignee"] is None
    assert talk.staff_post("assign").get_json()["assignee"] == ids["support"]  # who names nobody takes it
    acts = rows(app, "SELECT action FROM audit_log WHERE object_kind = 'conversation' ORDER BY id")
    assert acts == [("conversation.assign",)] * 3


def test_who_may_read_and_who_may_answer(
    client: FlaskClient, begin: Begin, staff_headers: Callable[..., Headers]
) -> None:
    talk = begin()
    address = f"/api/admin/support/conversations/{talk.id}"
    assert client.get(address, headers=staff_headers("viewer")).status_code == 403
    finance = staff_headers("finance")
    assert client.get(address, headers=finance).status_code == 200
    assert talk.staff_post("reply", {"text": "x"}, by=finance).status_code == 403


def test_a_merged_conversation_goes_on_in_the_other(
    app: Flask, client: FlaskClient, begin: Begin, make_station: Make
) -> None:
    talk = begin()
    make_station("A")
    about = {"about": {"kind": "station", "id": "A"}, "text": "It is dark"}
    other = client.post("/api/support/conversations", json=about, headers=talk.person).get_json()
    assert other["about"] == {"kind": "station", "id": "A"}
    assert talk.staff_post("merge", {"into": talk.id}).get_json()["code"] == "cannot_be_merged"
    assert talk.staff_post("merge", {"into": other["id"]}).get_json()["id"] == other["id"]
    assert (talk.seen()["status"], talk.seen()["merged_into"]) == ("closed", other["id"])
    assert talk.write("And it is late").get_json()["conversation_id"] == other["id"]
    assert talk.staff_post("merge", {"into": other["id"]}).status_code == 409
    stranger = begin("hari")
    assert stranger.staff_post("merge", {"into": other["id"]}).get_json()["code"] == "cannot_be_merged"


def test_what_is_merged_into_a_snoozed_conversation_is_not_hidden(
    client: FlaskClient, begin: Begin, make_station: Make
) -> None:
    talk = begin()
    make_station("A")
    about = {"about": {"kind": "station", "id": "A"}, "text": "It is dark"}
    other = client.post("/api/support/conversations", json=about, headers=talk.person).get_json()["id"]
    sleeping = Talk(client, other, talk.person, talk.staff)
    sleeping.staff_post("reply", {"text": "We look at it tomorrow"})
    sleeping.staff_post("snooze", {"until": format_time(utcnow() + timedelta(days=1))})
    assert talk.staff_post("merge", {"into": other}).status_code == 200
    queue = client.get("/api/admin/support/conversations?status=open", headers=talk.staff).get_json()["items"]
    assert [each["id"] for each in queue] == [other]


def test_a_beginning_sent_again_after_a_merge_begins_nothing(
    app: Flask, client: FlaskClient, begin: Begin, make_station: Make
) -> None:
    talk = begin()
    make_station("A")
    about = {"about": {"kind": "station", "id": "A"}, "text": "It is dark", "client_id": "one"}
    first = client.post("/api/support/conversations", json=about, headers=talk.person).get_json()["id"]
    merged = Talk(client, first, talk.person, talk.staff).staff_post("merge", {"into": talk.id})
    assert merged.status_code == 200
    again = client.post("/api/support/conversations", json=about, headers=talk.person)
    assert (again.status_code, again.get_json()["id"]) == (201, talk.id)
    assert rows(app, "SELECT count(*) FROM support_messages WHERE text = 'It is dark'") == [(1,)]
    # What is not a repeat begins one, as ever.
    other = client.post("/api/support/conversations", json=about | {"client_id": "two"}, headers=talk.person)
    assert other.get_json()["id"] not in (first, talk.id)


def test_a_message_sent_again_after_a_merge_is_the_same_message(
    client: FlaskClient, begin: Begin, make_station: Make
) -> None:
    """The answer to the first one was lost on its way, and staff merged the conversations meanwhile."""
    talk = begin()
    make_station("A")
    about = {"about": {"kind": "station", "id": "A"}, "text": "It is dark"}
    other = client.post("/api/support/conversations", json=about, headers=talk.person).get_json()["id"]
    first = talk.write("And it is late", client_id="one").get_json()
    talk.staff_post("merge", {"into": other})
    again = talk.write("And it is late", client_id="one").get_json()
    assert again["id"] == first["id"]
    texts = [each["text"] for each in Talk(client, other, talk.person, talk.staff).messages()]
    assert "And it is late" not in texts


def test_who_has_left_keeps_no_conversation_from_the_others(app: Flask, client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    gone = "INSERT INTO staff (id, email, role, password_hash) VALUES (gen_random_uuid(), 'gone@x.np', 'support', 'x')"
    change(app, gone)
    (colleague,) = rows(app, "SELECT id::text FROM staff WHERE email = 'gone@x.np'")[0]
    assert talk.staff_post("assign", {"assignee": colleague}).status_code == 200
    address = "/api/admin/support/conversations?assignee=none"
    assert client.get(address, headers=talk.staff).get_json()["items"] == []
    change(app, "UPDATE staff SET active = false WHERE email = 'gone@x.np'")
    assert [each["id"] for each in client.get(address, headers=talk.staff).get_json()["items"]] == [talk.id]
    talk.post("solved")
    talk.write("It is dark again")
    assert talk.staff_seen()["assignee"] is None


def test_what_staff_do_for_a_person_stands_in_the_conversation(
    app: Flask, context: Flask, begin: Begin, work: Work
) -> None:
    talk = begin()
    [(user_id,)] = rows(app, "SELECT user_id FROM conversations")
    with transaction():
        publish(DueWaived(user_id=user_id, due_id=new_id(), amount=2_000))
        publish(
            CaseDecided(
                user_id=user_id, rental_id=new_id(), rental_code="R1", case_id=new_id(), upheld=True, reason="seen"
            )
        )
    work()
    assert [(each["from"], each["text"]) for each in talk.messages()[1:]] == [
        ("system", "A due of NPR 20.00 waived."),
        ("system", "Report about the rental upheld: seen"),
    ]


def test_a_saved_reply_is_filled_in(client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    body = {"name": "hello", "text_en": "Hello {{ person.username }}, {{ rental.code }}", "text_ne": "नमस्ते"}
    made = client.post("/api/admin/support/replies", json=body, headers=talk.staff)
    assert made.status_code == 201, made.get_json()
    address = f"/api/admin/support/conversations/{talk.id}/replies/{made.get_json()['id']}"
    filled = client.get(address, headers=talk.staff).get_json()
    assert filled["text_en"] == "Hello sita, {{ rental.code }}"
    assert filled["missing"] == ["rental.code"]
    wrong = client.post(
        "/api/admin/support/replies", json=body | {"name": "b", "text_en": "{{ person.password }}"}, headers=talk.staff
    )
    assert wrong.get_json()["errors"]["text_en"] == ["There is no value person.password."]


def test_all_that_is_known_stands_beside_it(client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    found = client.get(f"/api/admin/support/conversations/{talk.id}/context", headers=talk.staff).get_json()
    assert found["person"]["username"] == "sita"
    assert (found["open_rentals"], found["dues"], found["cases"], found["conversations"]) == ([], [], [], [])


def test_figures_count_what_happened(client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    begin("hari")
    talk.staff_post("reply", {"text": "Done", "solve": True})
    talk.post("rating", {"score": 4})
    found = client.get("/api/admin/support/figures", headers=talk.staff).get_json()
    total = found["total"]
    assert (total["conversations"], total["answered"], total["solved"], total["rating"]) == (2, 1, 1, 4.0)
    assert [each["about"] for each in found["topics"]] == ["rental", "topup", "station", "other"]
    assert found["topics"][0]["conversations"] == 0
