"""The notices of a person: listed, counted, marked, deleted, and removed when they are old."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from jobs.notifications import delete_old_rows
from powerbank.base.db import db, transaction, utcnow
from powerbank.notifications.people import queries
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from tests.people import People, Person, change, rows

PATH = "/api/notifications"


def tell(app: Flask, person: Person, count: int = 1) -> None:
    from powerbank.notifications.people import dispatch

    for number in range(count):
        with app.app_context(), transaction():
            notice_id = notify(
                user_id=person.id, type=NoticeType.DUE_PAID, context={"amount": str(number), "note": None}
            )
            assert notice_id is not None
            dispatch.dispatch_notice(notice_id)


def get(client: FlaskClient, person: Person, path: str = "") -> dict:
    return client.get(PATH + path, headers=person.headers).get_json()


def test_notices_are_paged_newest_first(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    tell(app, sita, 5)
    first = get(client, sita, "?limit=3")
    tell(app, sita)  # what comes in between moves nothing
    second = get(client, sita, f"?limit=3&cursor={first['next_cursor']}")
    amounts = [item["data"]["amount"] for item in first["items"] + second["items"]]
    assert amounts == ["4", "3", "2", "1", "0"]
    assert second["next_cursor"] is None
    assert first["items"][0]["data"].keys() == {"amount"}


def test_notice_without_a_text_is_not_shown(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    with app.app_context(), transaction():
        notice_id = notify(user_id=sita.id, type=NoticeType.DUE_PAID, context={"amount": "1"})
    assert get(client, sita)["items"] == []
    assert get(client, sita, "/unread-count") == {"unread": 0}
    body = {"read": True}
    assert client.patch(f"{PATH}/{notice_id}", json=body, headers=sita.headers).status_code == 404


def test_notice_is_marked_read_and_unread(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    tell(app, sita, 3)
    notice_id = get(client, sita)["items"][0]["id"]
    marked = client.patch(f"{PATH}/{notice_id}", json={"read": True}, headers=sita.headers).get_json()
    assert marked["read"]
    assert marked["read_at"].endswith("Z")
    assert get(client, sita, "/unread-count") == {"unread": 2}
    assert [item["id"] for item in get(client, sita, "?unread=false")["items"]] == [notice_id]
    assert len(get(client, sita, "?unread=true")["items"]) == 2
    again = client.patch(f"{PATH}/{notice_id}", json={"read": True}, headers=sita.headers).get_json()
    assert again["read_at"] == marked["read_at"]
    client.patch(f"{PATH}/{notice_id}", json={"read": False}, headers=sita.headers)
    assert get(client, sita, "/unread-count") == {"unread": 3}
    assert client.post(f"{PATH}/mark-all-read", headers=sita.headers).get_json() == {"marked": 3}
    assert get(client, sita, "/unread-count") == {"unread": 0}


@pytest.mark.parametrize("body", [{}, {"read": None}, {"read": "maybe"}, {"read": True, "title": "x"}])
def test_wrong_mark_is_refused(app: Flask, client: FlaskClient, people: People, body: dict) -> None:
    sita = people.join("sita")
    tell(app, sita)
    notice_id = get(client, sita)["items"][0]["id"]
    assert client.patch(f"{PATH}/{notice_id}", json=body, headers=sita.headers).status_code == 422


def test_deleted_notice_is_hidden(app: Flask, client: FlaskClient, people: People) -> None:
    sita = people.join("sita")
    tell(app, sita, 2)
    notice_id = get(client, sita)["items"][0]["id"]
    assert client.delete(f"{PATH}/{notice_id}", headers=sita.headers).status_code == 204
    assert len(get(client, sita)["items"]) == 1
    assert get(client, sita, "/unread-count") == {"unread": 1}
    assert client.delete(f"{PATH}/{notice_id}", headers=sita.headers).status_code == 404


def test_notices_of_another_person_are_404(app: Flask, client: FlaskClient, people: People) -> None:
    sita, gita = people.join("sita"), people.join("gita")
    tell(app, sita)
    notice_id = get(client, sita)["items"][0]["id"]
    assert get(client, gita)["items"] == []
    for answer in (
        client.patch(f"{PATH}/{notice_id}", json={"read": True}, headers=gita.headers),
        client.delete(f"{PATH}/{notice_id}", headers=gita.headers),
    ):
        assert answer.status_code == 404
    client.post(f"{PATH}/mark-all-read", headers=gita.headers)
    assert get(client, sita, "/unread-count") == {"unread": 1}


def test_unread_count_uses_the_index_of_unread_notices(app: Flask, people: People) -> None:
    sita = people.join("sita")
    change(
        app,
        """
        INSERT INTO notices (id, user_id, type, context, title, body, shown_at, read_at)
        SELECT gen_random_uuid(), :user, 'due_paid', '{}', 't', 'b', now(),
               CASE WHEN n % 1000 = 0 THEN NULL ELSE now() END
        FROM generate_series(1, 20000) n""",
        user=sita.id,
    )
    change(app, "ANALYZE notices")  # what the planner knows must not depend on what ran before
    with app.app_context():
        assert queries.count_unread_notices(sita.id) == 20
        plan = "\n".join(
            db.session.scalars(
                text(
                    "EXPLAIN SELECT count(*) FROM notices WHERE user_id = :user AND shown_at IS NOT NULL "
                    "AND deleted_at IS NULL AND read_at IS NULL"
                ),
                {"user": sita.id},
            )
        )
    assert "ix_notices_unread" in plan


def test_old_notices_are_deleted(app: Flask, people: People) -> None:
    sita = people.join("sita")
    now = utcnow()
    made: dict[str, UUID] = {}
    for name, age, read in (("new", 1, True), ("read", 91, True), ("unread", 91, False), ("ancient", 181, False)):
        made[name] = uuid4()
        change(
            app,
            """INSERT INTO notices (id, user_id, type, context, title, body, created_at, shown_at, read_at)
               VALUES (:id, :user, 'due_paid', '{}', 't', 'b', :at, :at, CASE WHEN :read THEN :at END)""",
            id=made[name],
            user=sita.id,
            at=now - timedelta(days=age),
            read=read,
        )
    for age in (89, 91):
        change(
            app,
            """INSERT INTO deliveries (id, notice_id, user_id, type, channel, created_at)
               VALUES (gen_random_uuid(), :notice, :user, 'due_paid', 'sms', :at)""",
            notice=made["ancient"],
            user=sita.id,
            at=now - timedelta(days=age),
        )
    with app.app_context():
        delete_old_rows(now=now)
    assert {row[0] for row in rows(app, "SELECT id FROM notices")} == {made["new"], made["unread"]}
    assert rows(app, "SELECT notice_id FROM deliveries") == [(None,)]
