"""What a person does: begin a conversation, write, read, say that it is solved, rate it."""

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.support import sweeps
from tests.people import People, change, rows
from tests.pictures import samples
from tests.support.conftest import Begin


def test_a_conversation_begins_with_a_message_and_waits_for_staff(begin: Begin) -> None:
    talk = begin(text="The slot did not open")
    seen = talk.seen()
    assert (seen["status"], seen["unread"], seen["about"]) == ("open", 0, {"kind": "other", "id": None})
    assert seen["answer_due_at"] is not None
    [message] = talk.messages()
    assert (message["from"], message["text"], message["photo"]) == ("person", "The slot did not open", None)


def test_there_is_one_conversation_about_one_thing(client: FlaskClient, begin: Begin) -> None:
    talk = begin(text="first")
    again = client.post("/api/support/conversations", json={"text": "second"}, headers=talk.person)
    assert again.get_json()["id"] == talk.id
    assert [each["text"] for each in talk.messages()] == ["first", "second"]


def test_people_who_begin_at_once_begin_one(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita").headers

    def begin(number: int) -> str:
        with app.test_client() as each:
            body = {"text": f"message {number}", "client_id": str(number)}
            return str(each.post("/api/support/conversations", json=body, headers=sita).get_json()["id"])

    with ThreadPoolExecutor(4) as pool:
        found = {*pool.map(begin, range(8))}
    assert len(found) == 1
    assert rows(app, "SELECT count(*) FROM support_messages") == [(8,)]


def test_only_ones_own_things_are_what_it_is_about(client: FlaskClient, people: People) -> None:
    sita = people.join("sita").headers

    def ask(about: dict[str, str]) -> int:
        return client.post("/api/support/conversations", json={"about": about, "text": "x"}, headers=sita).status_code

    nobody = "0192f0c1-0000-7000-8000-000000000000"
    assert ask({"kind": "rental", "id": nobody}) == 404
    assert ask({"kind": "topup", "id": nobody}) == 404
    assert ask({"kind": "station", "id": "NOWHERE"}) == 404
    assert ask({"kind": "rental", "id": "no-id"}) == 422
    assert ask({"kind": "rental"}) == 422
    assert ask({"kind": "other", "id": nobody}) == 422
    assert ask({"kind": "weather"}) == 422


def test_a_repeat_is_the_same_message_however_often_and_at_once(app: Flask, begin: Begin) -> None:
    talk = begin()
    first = talk.write("Are you there?", client_id="one")
    again = talk.write("Are you there?", client_id="one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.get_json() == again.get_json()

    def send(_: int) -> int:
        with app.test_client() as each:
            body = {"client_id": "two", "text": "Hello?"}
            address = f"/api/support/conversations/{talk.id}/messages"
            return each.post(address, json=body, headers=talk.person).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(6))) == [200] * 5 + [201]
    assert [each["text"] for each in talk.messages()] == ["Hello", "Are you there?", "Hello?"]


def test_a_message_says_something(begin: Begin) -> None:
    talk = begin()
    assert talk.write("   ").status_code == 422
    assert talk.write("x" * 4001).status_code == 422
    assert talk.write("x" * 4000).status_code == 201
    assert talk.post("messages", {"text": "without an id"}).status_code == 422


def test_a_picture_is_made_anew_and_is_its_persons(client: FlaskClient, people: People, begin: Begin) -> None:
    talk = begin()
    photo = base64.b64encode(samples.located_jpeg()).decode()
    made = talk.post("messages", {"client_id": "1", "photo": photo})
    assert made.status_code == 201
    address = made.get_json()["photo"]
    shown = client.get(address, headers=talk.person)
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    assert b"Exif" not in shown.data
    assert client.get(address, headers=people.join("hari").headers).status_code == 404
    staff_address = talk.staff_messages()[-1]["photo"]
    assert client.get(staff_address, headers=talk.staff).status_code == 200
    assert talk.post("messages", {"client_id": "2", "photo": "bm8="}).status_code == 415


def test_messages_are_read_on_from_the_last_one(client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    second = talk.write("second").get_json()["id"]
    talk.write("third")
    address = f"/api/support/conversations/{talk.id}/messages?after={second}"
    assert [each["text"] for each in client.get(address, headers=talk.person).get_json()["items"]] == ["third"]


def test_the_read_mark_never_goes_back(begin: Begin) -> None:
    talk = begin()
    talk.staff_post("reply", {"text": "one"})
    talk.staff_post("reply", {"text": "two"})
    ids = [each["id"] for each in talk.messages()]
    assert talk.seen()["unread"] == 2
    assert talk.post("read", {"up_to": ids[2]}).get_json()["unread"] == 0
    assert talk.post("read", {"up_to": ids[1]}).get_json()["unread"] == 0
    assert talk.post("read", {"up_to": "0192f0c1-0000-7000-8000-000000000000"}).status_code == 404


def test_who_writes_into_what_is_solved_opens_it_again(begin: Begin) -> None:
    talk = begin()
    talk.staff_post("reply", {"text": "Done", "solve": True})
    assert talk.seen()["status"] == "solved"
    talk.write("It is not")
    assert talk.staff_seen()["status"] == "open"
    assert talk.staff_seen()["reopened"] == 1


def test_what_is_solved_for_a_week_is_closed(app: Flask, context: Flask, begin: Begin, client: FlaskClient) -> None:
    talk = begin()
    assert talk.post("solved").get_json()["status"] == "solved"
    assert talk.post("solved").status_code == 200
    with transaction():
        assert sweeps.close_solved_conversations(now=utcnow() + timedelta(days=6)) == 0
    with transaction():
        assert sweeps.close_solved_conversations(now=utcnow() + timedelta(days=8)) == 1
    assert talk.write("Too late").get_json()["code"] == "conversation_closed"
    fresh = client.post("/api/support/conversations", json={"text": "anew"}, headers=talk.person)
    assert fresh.get_json()["id"] != talk.id


def test_a_conversation_is_rated_once_and_when_it_is_over(begin: Begin) -> None:
    talk = begin()
    assert talk.post("rating", {"score": 5}).get_json()["code"] == "not_solved"
    talk.post("solved")
    assert talk.post("rating", {"score": 6}).status_code == 422
    assert talk.post("rating", {"score": 4, "comment": "quick"}).get_json()["rating"] == 4
    assert talk.post("rating", {"score": 4, "comment": "quick"}).status_code == 200
    assert talk.post("rating", {"score": 1}).get_json()["code"] == "already_rated"


def test_the_faq_answers_first(app: Flask, context: Flask, client: FlaskClient, people: People) -> None:
    change(
        app,
        "INSERT INTO faq_items (id, language, question, answer, position, active) VALUES "
        "(gen_random_uuid(), 'en', 'How do I return a power bank?', 'At any station.', 1, true), "
        "(gen_random_uuid(), 'en', 'How do I top up?', 'With Khalti.', 2, true)",
    )
    sita = people.join("sita").headers
    found = client.get("/api/support/suggestions?text=I cannot return it", headers=sita).get_json()["items"]
    assert [each["answer"] for each in found] == ["At any station."]


def test_typing_is_told_and_not_stored(app: Flask, begin: Begin) -> None:
    talk = begin()
    assert talk.post("typing").status_code == 204
    assert rows(app, "SELECT count(*) FROM support_messages") == [(1,)]


def test_an_account_that_ends_takes_what_was_said_along(app: Flask, client: FlaskClient, begin: Begin) -> None:
    talk = begin(text="My secret")
    assert client.delete("/api/users/me", headers=talk.person).status_code in (200, 202, 204)
    assert rows(app, "SELECT count(*) FROM support_messages") == [(0,)]
    assert rows(app, "SELECT status FROM conversations") == [("closed",)]


def test_who_may_not_rent_still_writes_about_their_money(app: Flask, client: FlaskClient, begin: Begin) -> None:
    talk = begin()
    change(app, "UPDATE users SET status = 'suspended'")
    about_money = {"text": "Where are my 500 rupees?", "client_id": "1"}
    assert client.post("/api/support/conversations", json=about_money, headers=talk.person).status_code == 201
    assert talk.write("It was a top-up of yesterday").status_code == 201
    assert talk.staff_post("reply", {"text": "They are in your wallet."}).status_code == 201
    assert talk.seen()["unread"] == 1
    assert talk.messages()[-1]["text"] == "They are in your wallet."
