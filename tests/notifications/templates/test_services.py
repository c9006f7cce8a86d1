"""Templates of staff: whatever they write, people get a message."""

import time
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction
from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.people.services import notify
from powerbank.notifications.templates import drafts
from powerbank.notifications.templates.drafts import BrokenTemplateError, Draft
from powerbank.notifications.texts import built_in
from tests.people import Inbox, People, Person, change, rows

Work = Callable[..., None]
StaffHeaders = Callable[..., dict[str, str]]
PATH = "/api/admin/templates"
PHONE = "+9779812345678"
PUSH = {
    "type": "topup_success",
    "channel": "push",
    "language": "en",
    "title": "Money, {{ amount }}!",
    "body": "{% if balance %}You have {{ balance }} now.{% endif %}",
}

HOSTILE = [
    "{% for i in range(10**9) %}{% endfor %}x",
    "{% for a in amount %}{% for b in amount %}x{% endfor %}{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ amount.__class__ }}",
    "{{ amount['__class__'] }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ range(10) }}",
    "{{ 'x' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ amount ~ amount }}",
    "{{ amount|attr('__class__') }}",
    "{{ amount|center(1000000000) }}",
    "{{ amount|upper(1) }}",
    "{{ config }}",
    "{{ request.application }}",
    "{% set x = amount %}{{ x }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'console/base.html' %}",
    "{% import 'x' as y %}",
    "{% extends 'console/base.html' %}",
    "{% raw %}",
    "{{ amount",
    "{% if %}",
    "{{ nobody_knows }}",
    "{{ " + "(" * 900 + "amount" + ")" * 900 + " }}",
    "{% if amount %}" * 200 + "x" + "{% endif %}" * 200,
    "{{ " + "not " * 900 + "amount }}",
]


@pytest.fixture
def sita(app: Flask, client: FlaskClient, people: People) -> Person:
    sita = people.join("sita", PHONE)
    body = {"fcm_token": "device-token-0001", "platform": "android"}
    client.post("/api/users/me/devices", json=body, headers=sita.headers)
    return sita


def tell(app: Flask, person: Person, **context: object) -> None:
    with app.app_context(), transaction():
        context = context or {"amount": 12_500, "balance": 50_000}
        notify(user_id=person.id, type=NoticeType.TOPUP_SUCCESS, context=context)


def make(client: FlaskClient, headers: dict[str, str], **more: object) -> dict:
    answer = client.post(PATH, json=PUSH | more, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def test_template_replaces_the_built_in_text_of_its_channel_and_language(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    made = make(client, headers)
    make(client, headers, language="ne", title="पैसा", body="{{ amount }} आयो।")
    tell(app, sita)
    work()
    (push,) = inbox.of("push")
    assert (push.title, push.body) == ("Money, NPR 125.00!", "You have NPR 500.00 now.")
    (item,) = client.get("/api/notifications", headers=sita.headers).get_json()["items"]
    assert item["title"] == "Top-up received"
    change(app, "UPDATE users SET language = 'ne'")
    tell(app, sita)
    work()
    assert inbox.bodies("push")[0] == "रु १२५.०० आयो।"
    off = client.patch(f"{PATH}/{made['id']}", json={"active": False}, headers=headers).get_json()
    assert (off["active"], off["version"]) == (False, 2)
    change(app, "UPDATE users SET language = 'en'")
    tell(app, sita)
    work()
    assert inbox.of("push")[0].title == "Top-up received"


def test_every_change_of_a_template_is_audited(app: Flask, client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers("operations")
    made = make(client, headers)
    assert client.post(PATH, json=PUSH, headers=headers).status_code == 409
    assert client.post(PATH, json=PUSH, headers=staff_headers("viewer")).status_code == 403
    address = f"{PATH}/{made['id']}"
    assert client.get(address, headers=headers).get_json()["title"] == PUSH["title"]
    assert client.patch(address, json={"title": "{{ nobody }}"}, headers=headers).status_code == 422
    assert client.patch(address, json={"title": "New"}, headers=headers).get_json()["title"] == "New"
    assert [each["id"] for each in client.get(f"{PATH}?type=topup_success", headers=headers).get_json()["items"]] == [
        made["id"]
    ]
    assert client.get(f"{PATH}?language=ne", headers=headers).get_json()["items"] == []
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404
    actions = [row.action for row in rows(app, "SELECT action FROM audit_log ORDER BY at, id")]
    assert actions == ["template.create", "template.update", "template.delete"]


@pytest.mark.parametrize("source", HOSTILE)
def test_code_in_a_template_is_refused(client: FlaskClient, staff_headers: StaffHeaders, source: str) -> None:
    headers = staff_headers("operations")
    began = time.monotonic()
    for path in (PATH, f"{PATH}/preview"):
        answer = client.post(path, json=PUSH | {"body": source}, headers=headers)
        assert answer.status_code == 422, answer.text
        assert list(answer.get_json(force=True)["errors"]) == ["body"]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("source", HOSTILE)
def test_unchecked_row_does_no_harm(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, staff_headers: StaffHeaders, source: str
) -> None:
    made = make(client, staff_headers())
    change(app, "UPDATE message_templates SET body = :body", body=source)
    tell(app, sita)
    work()
    (push,) = inbox.of("push")
    assert push.title == "Top-up received"
    assert rows(app, "SELECT type, context ->> 'version' FROM staff_notices") == [
        ("template_broken", f"{made['id']}:1")
    ]
    assert rows(app, "SELECT count(*) FROM outbox_jobs WHERE state = 'dead'") == [(0,)]


def test_template_without_a_value_gives_way_and_is_reported_once(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers()
    make(client, headers)
    for _ in range(3):
        tell(app, sita, amount=12_500)
    work()
    assert {push.title for push in inbox.of("push")} == {"Top-up received"}
    (notice,) = client.get("/api/admin/notices", headers=headers).get_json()["items"]
    assert notice["data"]["problem"] == "'balance' is undefined"
    assert rows(app, "SELECT DISTINCT state FROM outbox_jobs") == [("done",)]


def test_rendered_text_is_limited_in_length(app: Flask) -> None:
    draft = Draft(NoticeType.KYC_REJECTED, "Sorry", "{{ reason }}" * 100)
    assert drafts.check_draft(draft) == {}
    with pytest.raises(BrokenTemplateError, match="too long"):
        drafts.render_draft(draft, {"reason": "x" * 2000}, "en")
    with pytest.raises(BrokenTemplateError, match="nothing"):
        drafts.render_draft(Draft(NoticeType.KYC_REJECTED, "{% if 1 == 2 %}x{% endif %}", "x"), {"reason": "x"}, "en")
    words = drafts.render_draft(
        Draft(NoticeType.KYC_REJECTED, "a {{ reason }}", "x"), {"reason": "b\nSubject: c"}, "en"
    )
    assert words.title == "a b Subject: c"


def test_value_is_never_read_as_a_template(app: Flask) -> None:
    draft = Draft(NoticeType.KYC_REJECTED, "Sorry", "{{ reason|upper }}")
    assert drafts.render_draft(draft, {"reason": "{{ reason }}<b>"}, "en").body == "{{ REASON }}<B>"


def test_preview_uses_example_values_or_those_given(client: FlaskClient, staff_headers: StaffHeaders) -> None:
    headers = staff_headers("viewer")
    words = client.post(f"{PATH}/preview", json=PUSH, headers=headers).get_json()
    assert words == {"title": "Money, NPR 1,250.00!", "body": "You have NPR 49.50 now."}
    given = PUSH | {"language": "ne", "context": {"amount": "7.00", "balance": "odd"}, "body": "{{ amount }}"}
    assert client.post(f"{PATH}/preview", json=given, headers=headers).get_json()["body"] == "रु ७.००"
    odd = PUSH | {"context": {"balance": "odd"}}
    assert client.post(f"{PATH}/preview", json=odd, headers=headers).status_code == 422


@pytest.mark.parametrize("kind", [kind for kind in NoticeType if kind is not NoticeType.BROADCAST])
def test_every_type_can_have_a_template(kind: NoticeType) -> None:
    body = "x" + " ".join(f"{{{{ {name} }}}}" for name in built_in.needed_values(kind))
    draft = Draft(kind, "title", body)
    assert drafts.check_draft(draft) == {}
    assert drafts.render_draft(draft, built_in.sample_values(kind), "ne").body


def test_template_of_codes_must_name_the_code(
    app: Flask, client: FlaskClient, people: People, work: Work, inbox: Inbox, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    otp = PUSH | {"type": "otp", "channel": "sms", "title": "Code", "body": "Hello"}
    assert client.post(PATH, json=otp, headers=headers).status_code == 422
    made = make(client, headers, **otp | {"body": "{{ code }} opens Powerbank."})
    _, code = people.ask_code(client, PHONE)
    work()
    assert inbox.bodies("sms") == [f"{code} opens Powerbank."]
    change(app, "UPDATE message_templates SET body = '{% if 1 == 2 %}{{ code }}{% endif %}x'")
    _, code = people.ask_code(client, PHONE)
    work()
    assert code in inbox.bodies("sms")[0]
    assert rows(app, "SELECT context ->> 'version' FROM staff_notices") == [(f"{made['id']}:1",)]


def test_test_message_reaches_the_given_address(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, staff_headers: StaffHeaders
) -> None:
    headers = staff_headers("operations")
    push, mail = make(client, headers), make(client, headers, channel="email")
    in_app = make(client, headers, channel="in_app")

    def send(template: dict, to: str) -> tuple[int, object]:
        answer = client.post(f"{PATH}/{template['id']}/test", json={"to": to}, headers=headers)
        return answer.status_code, (answer.get_json(force=True)).get("sent_to")

    assert send(push, PHONE) == (202, ["+977••••••5678"])
    assert send(push, "nobody@example.com") == (202, [])
    assert send(mail, "boss@example.com") == (202, ["b•••@example.com"])
    assert send(mail, PHONE)[0] == send(in_app, PHONE)[0] == send(mail, "nonsense")[0] == 422
    work()
    assert [push.title for push in inbox.of("push")] == ["Money, NPR 1,250.00!"]
    assert [mail.to for mail in inbox.of("email")] == ["boss@example.com"]
    assert rows(app, "SELECT DISTINCT status, address FROM deliveries") == [("sent", None)]


def test_staff_choose_the_channels_of_a_type(
    app: Flask, client: FlaskClient, work: Work, inbox: Inbox, sita: Person, staff_headers: StaffHeaders
) -> None:
    headers, path = staff_headers("operations"), "/api/admin/rules"
    listed = {each["type"]: each for each in client.get(path, headers=headers).get_json()["items"]}
    assert {kind.value for kind in NoticeType} < listed.keys()
    assert listed["no_workers"]["audience"] == "staff"
    assert (listed["topup_success"]["channels"], listed["otp"]["fixed"]) == (["email", "push"], True)
    changed = client.patch(f"{path}/topup_success", json={"channels": ["sms"]}, headers=headers).get_json()
    assert (changed["channels"], changed["default_channels"]) == (["sms"], ["email", "push"])
    tell(app, sita)
    work()
    assert (len(inbox.of("sms")), len(inbox.of("push"))) == (1, 0)
    assert client.delete(f"{path}/topup_success", headers=headers).get_json()["channels"] == ["email", "push"]
    tell(app, sita)
    work()
    assert (len(inbox.of("sms")), len(inbox.of("push"))) == (1, 1)
    for type_name, channels, status in (
        ("otp", ["sms"], 422),
        ("no_workers", ["sms"], 422),
        ("no_workers", [], 200),
        ("nothing", [], 404),
        ("welcome", ["fax"], 422),
    ):
        answer = client.patch(f"{path}/{type_name}", json={"channels": channels}, headers=headers)
        assert answer.status_code == status, type_name
    with app.app_context(), transaction():
        from powerbank.notifications.staff.notice_types import StaffNoticeType
        from powerbank.notifications.staff.services import notify_staff

        notify_staff(type=StaffNoticeType.NO_WORKERS, context={"detail": "x"})
    work()
    assert inbox.of("email") == []
    assert client.patch(f"{path}/welcome", json={"channels": []}, headers=staff_headers("viewer")).status_code == 403
    audited = [row.action for row in rows(app, "SELECT action FROM audit_log")]
    assert sorted(audited) == ["rule.reset", "rule.set", "rule.set"]
