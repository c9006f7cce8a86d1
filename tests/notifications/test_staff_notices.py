"""Staff hear of what concerns their role, once, in the console and, where it is urgent, by e-mail."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.catalogue import SUBSCRIPTIONS
from jobs.policy import Reaction
from powerbank.db import transaction
from powerbank.notifications import staff, values, wording
from powerbank.notifications.staff_kinds import RULES, StaffType
from powerbank.notifications.staff_texts import ENGLISH, NEPALI
from powerbank.queue import publish
from tests.people import Inbox, change, rows

Work = Callable[..., None]
StaffHeaders = Callable[..., dict[str, str]]
PATH = "/api/admin/notices"
VALUES = {name: value.sample for name, value in values.VALUES.items()}


def tell(app: Flask, type: StaffType = StaffType.NO_WORKERS, **more: object) -> None:
    with app.app_context(), transaction():
        staff.notify_staff(type=type, context=more.pop("context", VALUES), **more)


def items(client: FlaskClient, headers: dict[str, str], query: str = "", **more: str) -> list[dict]:
    return client.get(PATH + query, headers=headers | more).get_json()["items"]


@pytest.mark.parametrize("type", [*StaffType])
@pytest.mark.parametrize("language", ["en", "ne"])
def test_every_type_has_words_in_both_languages(type: StaffType, language: str) -> None:
    words = wording.put(type, VALUES, language)
    assert words.title
    assert wording.MISSING not in words.title + words.body
    assert "{" not in words.title + words.body
    assert {*map(tuple, wording.PLACE.findall("".join(ENGLISH[type])))} == {
        *map(tuple, wording.PLACE.findall("".join(NEPALI[type])))
    }
    assert type in RULES


def test_what_the_catalogue_says_of_staff_is_a_type() -> None:
    named = [
        follower.arguments["notice"]
        for followers in SUBSCRIPTIONS.values()
        for follower in followers
        if isinstance(follower, Reaction) and follower.job.name == "notify_staff"
    ]
    assert len(named) >= 8
    assert {*named} <= {type.value for type in StaffType}


def test_each_role_sees_what_concerns_it(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    tell(app, StaffType.NO_WORKERS)
    tell(app, StaffType.LEDGER_MISMATCH)
    seen = {
        role: {item["type"] for item in items(client, staff_headers(role))}
        for role in ("superadmin", "operations", "finance", "viewer")
    }
    assert seen == {
        "superadmin": {"no_workers", "ledger_mismatch"}, "operations": {"no_workers"}, "finance": {"ledger_mismatch"},
        "viewer": set(),
    }  # fmt: skip


def test_read_by_one_is_unread_by_the_other(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    tell(app, StaffType.NO_WORKERS)
    tell(app, StaffType.LOW_BATTERY)
    boss, operator, finance = staff_headers("superadmin"), staff_headers("operations"), staff_headers("finance")
    newest, oldest = items(client, boss)
    assert newest["title"] == "Low charge in KTM-0001"
    assert oldest["data"]["detail"] == VALUES["detail"]
    address = f"{PATH}/{oldest['id']}"
    assert client.patch(address, json={"read": True}, headers=boss).get_json()["read_at"].endswith("Z")
    assert [item["id"] for item in items(client, boss, "?unread=true")] == [newest["id"]]
    assert [item["id"] for item in items(client, boss, "?unread=false")] == [oldest["id"]]
    assert client.get(f"{PATH}/unread-count", headers=operator).get_json() == {"unread": 2}
    assert client.post(f"{PATH}/mark-all-read", headers=boss).get_json() == {"marked": 1}
    assert client.get(f"{PATH}/unread-count", headers=boss).get_json() == {"unread": 0}
    assert client.patch(address, json={"read": False}, headers=boss).get_json()["read_at"] is None
    assert client.get(f"{PATH}/unread-count", headers=boss).get_json() == {"unread": 1}
    assert client.patch(address, json={"read": True}, headers=finance).status_code == 404
    assert [item["type"] for item in items(client, boss, "?type=low_battery")] == ["low_battery"]


def test_it_is_read_in_the_language_that_is_asked_for(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders
) -> None:
    tell(app, StaffType.REFUND_TO_APPROVE)
    (item,) = items(client, staff_headers(), **{"Accept-Language": "ne"})
    assert "रु १,२५०.००" in item["body"]


def test_what_is_the_same_is_told_once(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    for _ in range(3):
        tell(app, StaffType.KYC_TO_REVIEW, context={"submission_id": "1"})
        tell(app, StaffType.NO_WORKERS, dedup_key="once")
    tell(app, StaffType.KYC_TO_REVIEW, context={"submission_id": "2"})
    assert sorted(item["type"] for item in items(client, staff_headers())) == [
        "kyc_to_review", "kyc_to_review", "no_workers",
    ]  # fmt: skip


def test_what_is_urgent_is_mailed_to_those_who_can_act(
    app: Flask, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    for role in ("superadmin", "operations", "finance", "viewer"):
        staff_headers(role)
    change(app, "INSERT INTO staff (id, email, password_hash, role, active) VALUES (:id, 'x@example.com', '', "
           "'operations', false)", id=uuid4())  # fmt: skip
    tell(app, StaffType.NO_WORKERS)
    tell(app, StaffType.LOW_BATTERY)
    work()
    assert {mail.to for mail in inbox.of("email")} == {"superadmin@example.com", "operations@example.com"}
    assert {mail.title for mail in inbox.of("email")} == {"Nobody works"}
    assert rows(app, "SELECT DISTINCT status, masked LIKE '%•••@example.com' FROM deliveries") == [("sent", True)]


def test_one_who_may_not_act_any_more_gets_no_mail(
    app: Flask, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    staff_headers("operations")
    tell(app, StaffType.NO_WORKERS)
    change(app, "UPDATE staff SET role = 'viewer'")
    work()
    assert inbox.of("email") == []
    assert rows(app, "SELECT status, reason FROM deliveries") == [("failed", "not for this member any more")]


def test_a_flood_of_a_kind_is_not_a_flood_of_mails(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    for _ in range(25):
        tell(app, StaffType.STATION_OFFLINE)
    work()
    assert len(inbox.of("email")) == staff.MAILS_PER_HOUR
    assert len(items(client, headers, "?limit=100")) == 25


def test_an_event_becomes_a_notice_by_a_line_in_the_catalogue(
    app: Flask, client: FlaskClient, work: Work, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers()
    with app.app_context(), transaction():
        publish("ops_alert_raised", kind="no_workers", key="k", detail="no worker is alive on default")
        publish("ops_alert_raised", kind="ledger_mismatch", key="k", detail="told by its own event")
        publish("exchange_rates_stale")
        for priority, first in (("critical", True), ("critical", False), ("normal", True)):
            publish("station_issue_reported", issue_id=f"{priority}{first}", report_id="1", user_id=str(uuid4()),
                    station_sn="KTM-1", issue_type="damaged", priority=priority, first=first)  # fmt: skip
    work()
    assert sorted(item["type"] for item in items(client, headers)) == [
        "critical_issue", "exchange_rates_stale", "no_workers",
    ]  # fmt: skip
