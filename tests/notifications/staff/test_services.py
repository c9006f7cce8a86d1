"""Notices of staff: once for each role that they concern, in the console and, where urgent, by e-mail."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.notifications.staff import services as staff
from powerbank.notifications.staff.notice_types import RULES, StaffNoticeType
from powerbank.notifications.texts import built_in, values
from powerbank.notifications.texts.staff import ENGLISH, NEPALI
from powerbank.ops.events import OpsAlertRaised
from powerbank.outbox.enqueue import publish
from powerbank.payments.events import ExchangeRatesStale
from powerbank.stations.events import StationIssueReported
from tests.people import Inbox, change, rows

Work = Callable[..., None]
StaffHeaders = Callable[..., dict[str, str]]
PATH = "/api/admin/notices"
VALUES = {name: value.sample for name, value in values.VALUES.items()}


def tell(app: Flask, type: StaffNoticeType = StaffNoticeType.NO_WORKERS, **more: object) -> None:
    with app.app_context(), transaction():
        staff.notify_staff(type=type, context=more.pop("context", VALUES), **more)


def items(client: FlaskClient, headers: dict[str, str], query: str = "", **more: str) -> list[dict]:
    return client.get(PATH + query, headers=headers | more).get_json()["items"]


@pytest.mark.parametrize("type", [*StaffNoticeType])
@pytest.mark.parametrize("language", ["en", "ne"])
def test_every_type_has_texts_in_both_languages(type: StaffNoticeType, language: str) -> None:
    words = built_in.built_in_text(type, VALUES, language)
    assert words.title
    assert built_in.MISSING not in words.title + words.body
    assert "{" not in words.title + words.body
    assert {*map(tuple, built_in.PLACE.findall("".join(ENGLISH[type])))} == {
        *map(tuple, built_in.PLACE.findall("".join(NEPALI[type])))
    }
    assert type in RULES


def test_each_role_sees_the_types_of_its_permissions(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders
) -> None:
    tell(app, StaffNoticeType.NO_WORKERS)
    tell(app, StaffNoticeType.LEDGER_MISMATCH)
    seen = {
        role: {item["type"] for item in items(client, staff_headers(role))}
        for role in ("superadmin", "operations", "finance", "viewer")
    }
    assert seen == {
        "superadmin": {"no_workers", "ledger_mismatch"},
        "operations": {"no_workers"},
        "finance": {"ledger_mismatch"},
        "viewer": set(),
    }


def test_notice_is_read_by_each_member_separately(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    tell(app, StaffNoticeType.NO_WORKERS)
    tell(app, StaffNoticeType.LOW_BATTERY)
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


def test_notice_is_shown_in_the_requested_language(
    app: Flask, client: FlaskClient, staff_headers: StaffHeaders
) -> None:
    tell(app, StaffNoticeType.REFUND_TO_APPROVE)
    (item,) = items(client, staff_headers(), **{"Accept-Language": "ne"})
    assert "रु १,२५०.००" in item["body"]


def test_repeated_staff_notice_is_told_once(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    for _ in range(3):
        tell(app, StaffNoticeType.KYC_TO_REVIEW, context={"submission_id": "1"})
        tell(app, StaffNoticeType.NO_WORKERS, dedup_key="once")
    tell(app, StaffNoticeType.KYC_TO_REVIEW, context={"submission_id": "2"})
    assert sorted(item["type"] for item in items(client, staff_headers())) == [
        "kyc_to_review",
        "kyc_to_review",
        "no_workers",
    ]


def test_urgent_notice_is_mailed_to_staff_who_can_act(
    app: Flask, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    for role in ("superadmin", "operations", "finance", "viewer"):
        staff_headers(role)
    change(
        app,
        "INSERT INTO staff (id, email, password_hash, role, active) VALUES (:id, 'x@example.com', '', "
        "'operations', false)",
        id=uuid4(),
    )
    tell(app, StaffNoticeType.NO_WORKERS)
    tell(app, StaffNoticeType.LOW_BATTERY)
    work()
    assert {mail.to for mail in inbox.of("email")} == {"superadmin@example.com", "operations@example.com"}
    assert {mail.title for mail in inbox.of("email")} == {"Nobody works"}
    assert all("/console/notices" in mail.body for mail in inbox.of("email"))
    assert rows(app, "SELECT DISTINCT status, masked LIKE '%•••@example.com' FROM deliveries") == [("sent", True)]


def test_member_without_the_permission_gets_no_mail(
    app: Flask, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    staff_headers("operations")
    tell(app, StaffNoticeType.NO_WORKERS)
    change(app, "UPDATE staff SET role = 'viewer'")
    work()
    assert inbox.of("email") == []
    assert rows(app, "SELECT status, reason FROM deliveries") == [("failed", "not for this member any more")]


def test_mails_of_one_type_are_limited_per_hour(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    for _ in range(25):
        tell(app, StaffNoticeType.STATION_OFFLINE)
    work()
    assert len(inbox.of("email")) == staff.PER_HOUR
    assert len(items(client, headers, "?limit=100")) == 25


def test_event_becomes_a_staff_notice_by_its_subscription(
    app: Flask, client: FlaskClient, work: Work, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers()
    with app.app_context(), transaction():
        publish(OpsAlertRaised(kind="no_workers", key="k", detail="no worker is alive on default"))
        publish(OpsAlertRaised(kind="ledger_mismatch", key="k", detail="told by its own event"))
        publish(ExchangeRatesStale())
        for priority, first in (("critical", True), ("critical", False), ("normal", True)):
            publish(
                StationIssueReported(
                    issue_id=uuid4(),
                    report_id=uuid4(),
                    user_id=uuid4(),
                    station_sn="KTM-1",
                    issue_type="damaged",
                    priority=priority,
                    first=first,
                )
            )
    work()
    assert sorted(item["type"] for item in items(client, headers)) == [
        "critical_issue",
        "exchange_rates_stale",
        "no_workers",
        "station_issue",
    ]


OFFLINE = {
    "type": "station_offline",
    "channel": "email",
    "language": "ne",
    "title": "{{ station_sn }} बन्द",
    "body": "पहिलो <b>\n\n{{ station_sn|upper }}",
}


class TestTemplates:
    def make(self, client: FlaskClient, headers: dict[str, str], **more: str) -> dict:
        answer = client.post("/api/admin/templates", json=OFFLINE | more, headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.get_json()

    def test_member_gets_mail_in_the_chosen_language(
        self, app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders
    ) -> None:
        boss, operator = staff_headers("superadmin"), staff_headers("operations")
        self.make(client, boss)
        chosen = client.put("/api/admin/auth/language", json={"language": "ne"}, headers=operator)
        assert chosen.get_json() == {"language": "ne"}
        tell(app, StaffNoticeType.STATION_OFFLINE, context={"station_sn": "ktm-1"})
        tell(app, StaffNoticeType.NO_WORKERS, context={"detail": "x"})
        work()
        titles = {
            to: {mail.title for mail in inbox.of("email", f"{to}@example.com")} for to in ("superadmin", "operations")
        }
        assert titles == {
            "superadmin": {"ktm-1 is offline", "Nobody works"},
            "operations": {"ktm-1 बन्द", "काम गर्ने कोही छैन"},
        }
        (mail,) = (mail for mail in inbox.of("email") if mail.title == "ktm-1 बन्द")
        assert mail.body.startswith("पहिलो <b>\n\nKTM-1\n")
        assert '<html lang="ne">' in mail.html
        assert '&lt;b&gt;</p><p style="line-height:1.5">KTM-1</p>' in mail.html
        assert '/console/notices">' in mail.html

    def test_console_has_templates_of_its_own(
        self, app: Flask, client: FlaskClient, staff_headers: StaffHeaders
    ) -> None:
        headers = staff_headers("operations")
        self.make(client, headers, channel="in_app")
        self.make(client, headers, channel="in_app", language="en", title="Look at {{ station_sn }}")
        tell(app, StaffNoticeType.STATION_OFFLINE, context={"station_sn": "KTM-1"})
        tell(app, StaffNoticeType.NO_WORKERS)
        assert [item["title"] for item in items(client, headers)] == ["Nobody works", "Look at KTM-1"]
        assert items(client, headers, **{"Accept-Language": "ne"})[1]["title"] == "KTM-1 बन्द"

    @pytest.mark.parametrize("channel", ["email", "in_app"])
    def test_broken_staff_template_gives_way_and_is_reported_once(
        self, app: Flask, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders, channel: str
    ) -> None:
        headers = staff_headers("operations")
        for type in ("station_offline", "template_broken"):
            self.make(client, headers, type=type, channel=channel, language="en", title="x", body="x")
        change(app, "UPDATE message_templates SET body = '{{ nobody }}'")
        client.patch("/api/admin/rules/template_broken", json={"channels": ["email"]}, headers=headers)
        for _ in range(3):
            tell(app, StaffNoticeType.STATION_OFFLINE, context={"station_sn": "KTM-1"})
        work()
        assert {mail.title for mail in inbox.of("email")} == {"KTM-1 is offline", "A message template fails"}
        assert sorted(item["title"] for item in items(client, headers)) == [
            *["A message template fails"] * 2,
            *["KTM-1 is offline"] * 3,
        ]

    @pytest.mark.parametrize("channel", ["sms"])
    def test_staff_templates_have_no_other_places(
        self, client: FlaskClient, staff_headers: StaffHeaders, channel: str
    ) -> None:
        refused = client.post("/api/admin/templates", json=OFFLINE | {"channel": channel}, headers=staff_headers())
        assert (refused.status_code, list(refused.get_json(force=True)["errors"])) == (422, ["channel"])

    @pytest.mark.parametrize("type", [*StaffNoticeType])
    def test_every_staff_type_can_be_previewed_and_tested(
        self, client: FlaskClient, work: Work, inbox: Inbox, staff_headers: StaffHeaders, type: StaffNoticeType
    ) -> None:
        headers = staff_headers("operations")
        body = "x" + " ".join(f"{{{{ {name} }}}}" for name in built_in.needed_values(type))
        draft = OFFLINE | {"type": type, "title": "Title", "body": body}
        words = client.post("/api/admin/templates/preview", json=draft, headers=headers).get_json()
        assert words["title"] == "Title"
        address = f"/api/admin/templates/{self.make(client, headers, **draft)['id']}/test"
        assert client.post(address, json={"to": "boss@example.com"}, headers=headers).status_code == 202
        work()
        (mail,) = inbox.of("email", "boss@example.com")
        assert mail.body.startswith(words["body"])
