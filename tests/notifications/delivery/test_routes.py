"""Staff see the outcome of every message, and never its text."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import db, transaction
from powerbank.notifications.delivery import queries as notification_queries
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.models import Delivery
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from tests.people import Inbox, People, change, rows

Work = Callable[..., None]
PATH = "/api/admin/deliveries"


def test_list_has_every_message_and_channel(
    app: Flask,
    client: FlaskClient,
    people: People,
    work: Work,
    inbox: Inbox,
    staff_headers: Callable[..., dict[str, str]],
) -> None:
    headers = staff_headers("support")
    sita, gita = people.join("sita", "+9779812345678"), people.join("gita")
    inbox.sandbox.faults.set("sparrow", "token_refused", times=1)
    for person in (sita, sita, gita):
        with app.app_context(), transaction():
            notify(user_id=person.id, type=NoticeType.RENTAL_LOST, context={"amount": 300_000})
        work()

    def log(**query: str) -> list[dict]:
        return client.get(PATH, query_string={"user_id": str(sita.id)} | query, headers=headers).get_json()["items"]

    assert [(each["status"], each["channel"], each["attempts"]) for each in log()] == [
        ("sent", "sms", 1),
        ("failed", "sms", 1),
    ]
    assert {each["masked"] for each in log()} == {"+977••••••5678"}
    assert "3,000" not in str(log())
    assert [each["status"] for each in log(status="failed")] == ["failed"]
    assert log(status="failed")[0]["reason"]
    assert log(channel="push") == []
    of = {"user_id": str(sita.id)}
    exported = client.get(f"{PATH}/export.csv", query_string=of, headers=headers).text.splitlines()
    assert [line.split(",")[3:7] for line in exported[1:]] == [
        ["rental_lost", "sms", "'+977••••••5678", "failed"],
        ["rental_lost", "sms", "'+977••••••5678", "sent"],
    ]
    sent = client.get(f"{PATH}/export.csv", query_string=of | {"status": "sent"}, headers=headers).text
    assert len(sent.splitlines()) == 2
    assert [row.object_id for row in rows(app, "SELECT object_id FROM audit_log")] == [str(sita.id)] * 2
    assert client.get(PATH, headers=headers).status_code == 422
    assert client.get(PATH, query_string={"user_id": str(sita.id)}, headers=sita.headers).status_code == 401


def test_failures_of_all_people_are_listed(
    app: Flask,
    client: FlaskClient,
    people: People,
    work: Work,
    inbox: Inbox,
    staff_headers: Callable[..., dict[str, str]],
) -> None:
    headers = staff_headers("support")
    everybody = [people.join(name) for name in ("sita", "gita", "hari")]
    inbox.sandbox.faults.set("sparrow", "token_refused", times=2)
    for person in everybody:
        with app.app_context(), transaction():
            notify(user_id=person.id, type=NoticeType.RENTAL_LOST, context={"amount": 300_000})
        work()
    change(app, "UPDATE deliveries SET status = 'expired', type = 'otp' WHERE user_id = :id", id=everybody[1].id)

    def found(**query: str) -> list[dict]:
        answer = client.get(f"{PATH}/failures", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()["items"]

    assert [each["user_id"] for each in found()] == [str(everybody[1].id), str(everybody[0].id)]
    assert [each["status"] for each in found()] == ["expired", "failed"]
    assert found()[1]["reason"] == "SMS refused with 1002"
    assert {each["masked"][:6] for each in found()} == {"+977••"}
    assert [
        len(found(**query))
        for query in (
            {"status": "failed"},
            {"type": "otp"},
            {"channel": "sms"},
            {"channel": "push"},
            {"limit": "1"},
            {"since": "2020-01-01T00:00:00Z"},
            {"until": "2020-01-01T00:00:00Z"},
        )
    ] == [1, 1, 2, 0, 1, 2, 0]
    assert client.get(f"{PATH}/failures?status=sent", headers=headers).status_code == 422
    assert client.get(f"{PATH}/failures", headers=everybody[0].headers).status_code == 401


def test_failures_are_read_by_their_index(app: Flask) -> None:
    with app.app_context():
        query = notification_queries.failed_deliveries(status=None, channel=None, type=None, since=None, until=None)
        compiled = (
            query.order_by(Delivery.id.desc()).limit(21).compile(db.engine, compile_kwargs={"literal_binds": True})
        )
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SET enable_seqscan = off; SET enable_bitmapscan = off")
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {compiled}"))
            connection.rollback()
    assert "ix_deliveries_failed" in plan, plan
    assert "Sort" not in plan, plan


def test_typed_code_is_delivered(app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox) -> None:
    status = "SELECT status FROM deliveries ORDER BY id DESC LIMIT 1"
    challenge_id, code = people.ask_code(client, "+9779812345678")
    work()
    assert rows(app, status) == [("sent",)]
    body = {"challenge_id": challenge_id, "code": f"{(int(code) + 1) % 1_000_000:06}"}
    assert client.post("/api/auth/verify-otp", json=body).status_code == 401
    assert rows(app, status) == [("sent",)]
    assert client.post("/api/auth/verify-otp", json=body | {"code": code}).status_code == 200
    assert rows(app, status) == [("delivered",)]
    for late in (deliveries.note_sent, deliveries.note_failure):
        (delivery,) = rows(app, "SELECT id FROM deliveries")
        with app.app_context(), transaction():
            if late is deliveries.note_sent:
                late(delivery.id, None)
            else:
                late(delivery.id, "SMS: ReadTimeout", final=True)
        assert rows(app, status) == [("delivered",)], "what its vendor says later is known better"
