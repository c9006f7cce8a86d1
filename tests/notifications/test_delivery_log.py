"""Staff see what became of the messages to a person, and never what they said."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from powerbank.db import transaction
from powerbank.notifications.kinds import Type
from powerbank.notifications.services import notify
from tests.people import Inbox, People, rows

Work = Callable[..., None]
PATH = "/api/admin/deliveries"


def test_each_message_and_channel_is_there(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox,
    staff_headers: Callable[..., dict[str, str]],
) -> None:  # fmt: skip
    headers = staff_headers("support")
    sita, gita = people.join("sita", "+9779812345678"), people.join("gita")
    inbox.sandbox.faults.set("sparrow", "token_refused", times=1)
    for person in (sita, sita, gita):
        with app.app_context(), transaction():
            notify(user_id=person.id, type=Type.RENTAL_LOST, context={"amount": 300_000})
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
        ["rental_lost", "sms", "'+977••••••5678", "failed"], ["rental_lost", "sms", "'+977••••••5678", "sent"],
    ]  # fmt: skip
    sent = client.get(f"{PATH}/export.csv", query_string=of | {"status": "sent"}, headers=headers).text
    assert len(sent.splitlines()) == 2
    assert [row.object_id for row in rows(app, "SELECT object_id FROM audit_log")] == [str(sita.id)] * 2
    assert client.get(PATH, headers=headers).status_code == 422
    assert client.get(PATH, query_string={"user_id": str(sita.id)}, headers=sita.headers).status_code == 401
