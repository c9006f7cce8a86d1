"""Growth at the console: coupons and campaigns with their effect, broadcasts, messages, and what the app shows."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.admin.console.sections import GROWTH
from tests.admin.console.conftest import Member, hidden_fields
from tests.ledger.conftest import make_person
from tests.people import People, rows
from tests.promotions.conftest import redeem

Console = Callable[..., Member]
Work = Callable[..., None]
PAGE = "/console/growth"


def add(member: Member, path: str, **fields: Any) -> str:
    """Fill in the form of a new one, and give where it leads."""
    page = f"{PAGE}/{path}/new"
    shown = member.client.get(page).text
    form = next(each for each in shown.split("<form") if 'name="once"' in each)
    answer = member.client.post(page, data=hidden_fields(form) | fields)
    assert answer.status_code == 302, answer.text
    return str(answer.location)


def save(member: Member, path: str, action: str | None = None, **fields: Any) -> str:
    """Send the form of a page that leads to itself, or to another address."""
    shown = member.client.get(path).text
    wanted = f'action="{action}"' if action else 'method="post">'
    form = next(each for each in shown.split("<form") if wanted in each and 'name="once"' in each)
    return member.client.post(action or path, data=hidden_fields(form) | fields, follow_redirects=True).text


@pytest.mark.parametrize("tab", GROWTH.tabs, ids=lambda tab: tab.label)
def test_each_page_opens_and_a_viewer_only_looks(console: Console, tab: Any) -> None:
    assert 'aria-current="page"' in console().read(tab.address)
    viewer = console("viewer")
    assert "Add one" not in viewer.read(tab.address)
    if tab.label != "Messages":
        assert viewer.open(f"{tab.address}/new").status_code == 403


def test_a_campaign_shows_what_its_coupons_did(app: Flask, console: Console) -> None:
    operator = console("operations")
    campaign = add(operator, "campaigns", name="Dashain", budget="500.00", active="true", ends_at="2030-10-12T18:00")
    [(campaign_id, ends)] = rows(app, "SELECT id, CAST(ends_at AT TIME ZONE 'UTC' AS text) FROM campaigns")
    assert ends == "2030-10-12 12:15:00"
    assert "Dashain</option>" in operator.read(f"{PAGE}/coupons/new")
    coupon = add(
        operator, "coupons", name="Tika", code="tika", kind="percent", value="20", campaign_id=str(campaign_id)
    )
    with app.app_context():
        redeem(make_person(), code="TIKA")
    for address in (campaign, coupon):
        page = operator.read(address)
        assert "20.00" in page
        assert '<path d="M' in page
    assert coupon in operator.read(campaign)
    assert operator.open(f"{campaign}/redemptions.csv").text.count("\n") == 2
    assert "It is changed." in save(operator, coupon, name="Tika", value="25", per_user_limit="1", active="false")
    assert rows(app, "SELECT value, active FROM coupons") == [(25, False)]
    assert "toast bad" in save(operator, campaign, f"{campaign}/delete")
    logged = rows(app, "SELECT action FROM audit_log WHERE object_kind IN ('campaigns', 'coupons') ORDER BY id")
    assert [row[0] for row in logged] == [
        "campaigns.create",
        "coupons.create",
        "campaigns.export_redemptions",
        "coupons.update",
    ]


def test_what_is_wrong_in_a_form_stands_beside_its_field_and_nothing_is_lost(app: Flask, console: Console) -> None:
    operator = console("operations")
    page = f"{PAGE}/coupons/new"
    shown = save(operator, page, name="Tihar", kind="percent", value="many", code="!")
    assert 'id="value-error"' in shown
    assert 'id="code-error"' in shown
    assert 'value="Tihar"' in shown
    assert rows(app, "SELECT count(*) FROM coupons") == [(0,)]
    assert "toast bad" in save(operator, page, name="Tihar", kind="percent", value="101")


def test_points_of_a_coupon_need_a_second_person(app: Flask, console: Console) -> None:
    operator = console("operations")
    coupon = add(operator, "coupons", name="Gift", code="gift", kind="points", value="50", total_limit="10")
    assert "Approve" not in operator.read(coupon)
    finance = console("finance")
    assert "Gift" in finance.read("/console/money/decisions")
    assert "It is approved." in save(console("superadmin"), coupon, f"{coupon}/approve")
    assert "Gift" not in finance.read("/console/money/decisions")


def test_codes_are_made_and_taken_away(app: Flask, console: Console) -> None:
    operator = console("operations")
    coupon = add(operator, "coupons", name="Codes", kind="amount", value="1000")
    assert "25 codes are made." in save(operator, coupon, f"{coupon}/codes", count="25", prefix="ne-")
    assert operator.open(f"{coupon}/codes.csv").text.count("NE-") == 25
    assert console("viewer").open(f"{coupon}/codes.csv").status_code == 403
    assert "0 of 25 used" in console("viewer").read(coupon)


@pytest.mark.parametrize(
    ("path", "fields", "changed"),
    [
        (
            "faq",
            {"language": "ne", "question": "Where?", "answer": "Here.", "position": "2", "active": "true"},
            "answer",
        ),
        ("banners", {"title": "New", "image_url": "https://example.com/a.png", "active": "true"}, "title"),
        ("app-versions", {"platform": "ios", "version": "1.2.3", "mandatory": "true"}, "version"),
        ("countries", {"code": "IN", "name": "India", "dial_code": "+91", "currency": "INR"}, "name"),
        ("packages", {"name": "Hour", "duration_minutes": "60", "price": "50.00", "payment_model": "prepaid"}, "name"),
        ("achievements", {"name": "Ten", "metric": "rentals", "threshold": "10", "reward": "5"}, "name"),
    ],
)
def test_a_row_is_made_changed_and_deleted(console: Console, path: str, fields: dict[str, str], changed: str) -> None:
    operator = console("operations")
    page = add(operator, path, **fields)
    assert page in operator.read(f"{PAGE}/{path}")
    other = "9.9.9" if changed == "version" else "Otherwise"
    assert "It is changed." in save(operator, page, **fields | {changed: other})
    assert other in operator.read(page)
    assert "<form" not in console("viewer").read(page).split("<main")[1].split("</main")[0]
    assert "It is deleted." in save(operator, page, f"{page}/delete")
    assert operator.open(page).status_code == 404


def test_a_broadcast_is_counted_and_looked_at_before_it_goes(
    app: Flask, client: FlaskClient, console: Console, people: People, work: Work
) -> None:
    people.join("sita")
    operator = console("operations")
    new = f"{PAGE}/broadcasts/new"
    assert 'id="message-error"' in operator.send(new, f"{PAGE}/broadcasts/preview", title="Hello").text
    fields = {"title": "Tihar", "message": "Free hours\ntonight.", "push": "false", "city": "Pokhara"}
    assert "0 people would be told" in operator.send(new, f"{PAGE}/broadcasts/preview", **fields).text
    shown = operator.send(new, f"{PAGE}/broadcasts/preview", **fields | {"city": ""})
    assert "1 people would be told" in shown.text
    assert rows(app, "SELECT count(*) FROM broadcasts") == [(0,)]
    form = next(each for each in shown.text.split("<form") if 'name="once"' in each)
    for _ in range(2):  # the button is pressed twice
        sent = operator.client.post(f"{PAGE}/broadcasts", data=hidden_fields(form))
        assert sent.status_code == 302
    assert rows(app, "SELECT count(*) FROM broadcasts") == [(1,)]
    assert "It is stopped." in save(operator, sent.location, f"{sent.location}/stop")
    assert rows(app, "SELECT status FROM broadcasts") == [("cancelled",)]
    assert console("support").open(new).status_code == 403


def test_a_message_is_written_with_a_preview_in_both_languages(app: Flask, console: Console) -> None:
    operator, page = console("operations"), f"{PAGE}/messages/topup_success?place=push&language=en"
    shown = operator.read(page)
    assert "The built-in text is used." in shown
    name = shown.split("<code>{{ ")[1].split(" }}")[0]
    token = {"csrf_token": shown.split('name="csrf_token" value="')[1].split('"')[0]}
    draft = {"title": "Money came", "body": f"You have {{{{ {name} }}}} more."}
    preview = operator.client.post(f"{PAGE}/messages/topup_success/preview", data=token | draft).text
    assert preview.count("Money came") == 2
    broken = operator.client.post(f"{PAGE}/messages/topup_success/preview", data=token | draft | {"body": "{{ odd }}"})
    assert 'class="problem"' in broken.text
    address = f"{PAGE}/messages/topup_success"
    assert "It is saved" in save(operator, page, address, **draft, active="true")
    assert rows(app, "SELECT channel, language, title FROM message_templates") == [("push", "en", "Money came")]
    assert "built-in text is used again" in save(operator, page, f"{address}/delete")
    assert "It is changed." in save(operator, page, f"{address}/channels", channel="email")
    assert rows(app, "SELECT channels FROM notification_rules") == [(["email"],)]
    actions = rows(app, "SELECT action FROM audit_log WHERE object_kind IN ('message_template', 'rule') ORDER BY id")
    assert [row[0] for row in actions] == ["template.create", "template.delete", "rule.set"]


def test_a_text_of_a_page_is_planned_changed_and_withdrawn(app: Flask, console: Console) -> None:
    operator = console("operations")
    page = add(
        operator, "content", slug="about", language="en", title="About", body="# We", publish_at="2030-01-01T08:00"
    )
    assert "It is changed." in save(operator, page, title="About us", body="# We", publish_at="2030-01-01T08:00")
    assert "It is withdrawn." in save(operator, page, f"{page}/withdraw")
    now = add(operator, "content", slug="about", language="en", title="About", body="# We")
    assert rows(app, "SELECT state FROM content_revisions ORDER BY id") == [("withdrawn",), ("published",)]
    assert "becomes the next text" in operator.read(now)
    actions = rows(app, "SELECT action FROM audit_log WHERE object_kind = 'content' ORDER BY id")
    assert [row[0] for row in actions] == ["content.add", "content.update", "content.withdraw", "content.add"]
