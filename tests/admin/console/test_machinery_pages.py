"""The machinery at the console: what staff read of it, the configuration with its history, staff, and the audit log."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.admin.console.sections import MACHINERY
from powerbank.base.db import db, transaction, utcnow
from powerbank.ops import services
from powerbank.ops.machinery import history
from powerbank.ops.machinery.history import Period
from powerbank.ops.queries import Problem
from powerbank.outbox import heartbeats
from powerbank.outbox.enqueue import enqueue
from tests import sample_jobs
from tests.admin.console.conftest import Member
from tests.admin.test_console_pages import sign_in
from tests.people import change, rows

Console = Callable[..., Member]
PAGE = "/console/machinery"
ROLES = {"system.read": "viewer", "config.read": "viewer", "staff.read": "superadmin", "audit.read": "superadmin"}


@pytest.mark.parametrize(
    "tab", [tab for tab in MACHINERY.tabs if tab.address.startswith(f"{PAGE}/")], ids=lambda tab: tab.label
)
def test_each_page_opens_for_who_may_read_it(console: Console, tab: object) -> None:
    address, permission = tab.address, tab.permission  # type: ignore[attr-defined]
    assert 'aria-current="page"' in console(ROLES[permission]).read(address)
    if ROLES[permission] == "superadmin":
        assert console("operations").open(address).status_code == 403
        assert address not in console("operations").read(f"{PAGE}/queues")


def test_a_schedule_is_run_now_by_who_may(app: Flask, console: Console) -> None:
    page, run = f"{PAGE}/schedule", f"{PAGE}/schedule/prune-jobs/run"
    assert "prune-jobs: started." in console("operations").send(page, run).text
    assert "Run now" not in console("viewer").read(page)
    assert rows(app, "SELECT object_id FROM audit_log WHERE action = 'schedule.run'") == [("prune-jobs",)]


def test_queues_are_recorded_each_minute_and_drawn(app: Flask, client: FlaskClient, console: Console) -> None:
    with app.app_context():
        with transaction():
            for number in range(3):
                enqueue(sample_jobs.REFUSED, key=str(number))
        now = utcnow()
        for moment in (now - timedelta(hours=2), now, now):  # the last one is a monitor that runs twice
            with transaction():
                history.record_samples(now=moment)
        change(app, "UPDATE queue_samples SET waiting = 7, oldest_age_s = 60 WHERE at < now() - interval '1 hour'")
        found = {queue.name: queue for queue in history.read_queues(Period.HOURS, now=utcnow())}
        assert found["default"].waiting == 3
        known = [each for each in found["default"].lengths if each is not None]
        assert known == [7, 3]
        assert max(each or 0 for each in found["default"].ages) == 60
        with transaction():
            assert history.delete_old_samples(now=now + timedelta(days=6, hours=23)) == len(found)
    page = console("viewer").read(f"{PAGE}/queues?period=6h")
    assert "at most 3" in page
    assert '<path d="M' in page
    assert "7d" in console("viewer").read(f"{PAGE}/queues?period=odd")


def test_programs_and_alerts_say_how_they_stand(app: Flask, console: Console) -> None:
    with app.app_context():
        for name in ("w1", "w2"):
            heartbeats.record(db.engine, name=name, kind="worker", queues=["default"])
        with transaction():
            services.update_alerts(
                [Problem("no_daemon", "no_daemon", "no daemon hears what stations say")], now=utcnow()
            )
        with transaction():
            services.update_alerts([Problem("no_workers:iot", "no_workers", "no worker on iot")], now=utcnow())
    change(app, "UPDATE heartbeats SET seen_at = now() - interval '5 minutes' WHERE name = 'w2'")
    viewer = console("viewer")
    programs = viewer.read(f"{PAGE}/programs")
    assert programs.index("alive") < programs.index("silent")
    assert "no worker on iot" in viewer.read(f"{PAGE}/alerts?state=open")
    assert "no daemon hears" not in viewer.read(f"{PAGE}/alerts?state=open")
    assert "no daemon hears" in viewer.read(f"{PAGE}/alerts?state=over&kind=no_daemon")


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("overdue_rate_per_hour", "7.50", '"7.50"'),
        ("lost_after_days", "9", "9"),
        ("kyc_required", "false", "false"),
        ("referral_award_on", "signup", '"signup"'),
        ("overdue_cap_per_day", "", "null"),
    ],
)
def test_a_setting_is_changed_with_a_reason_and_has_a_history(
    app: Flask, console: Console, key: str, value: str, stored: str
) -> None:
    page, operator = f"{PAGE}/configuration/{key}", console("operations")
    assert "It is set." in operator.send(page, page, value=value, reason="The council wants it.").text
    assert rows(app, f"SELECT CAST(value AS text) FROM app_config WHERE key = '{key}'") == [(stored,)]
    shown = operator.read(page)
    assert "The council wants it." in shown
    assert "operations@example.com" in shown
    assert "default again" in operator.send(page, f"{page}/reset").text
    assert rows(app, "SELECT count(*) FROM app_config") == [(0,)]


def test_a_wrong_value_and_a_missing_reason_are_refused(app: Flask, console: Console) -> None:
    page, operator = f"{PAGE}/configuration/lost_after_days", console("operations")
    for value, reason in (("0", "It is good."), ("many", "It is good."), ("9", "")):
        assert "toast bad" in operator.send(page, page, value=value, reason=reason).text
    assert rows(app, "SELECT count(*) FROM app_config") == [(0,)]
    assert "<form" not in console("viewer").read(page).split("<main")[1].split("Show as API")[0]
    assert operator.open(f"{PAGE}/configuration/nothing").status_code == 404


def test_a_member_of_staff_is_added_changed_and_reset(app: Flask, console: Console) -> None:
    boss = console("superadmin")
    added = boss.send(f"{PAGE}/staff", f"{PAGE}/staff", email="new@example.com", role="support", language="ne").text
    password = added.split('class="codes"><code>')[1].split("<")[0]
    stranger = app.test_client()
    assert sign_in(stranger, "new@example.com", password).status_code == 302
    again = boss.send(f"{PAGE}/staff", f"{PAGE}/staff", email="new@example.com", role="support", language="ne")
    assert "toast bad" in again.text
    [(staff_id,)] = rows(app, "SELECT id FROM staff WHERE email = 'new@example.com'")
    page = f"{PAGE}/staff/{staff_id}"
    assert "It is changed." in boss.send(page, page, role="viewer", active="true", language="ne").text
    other = boss.send(page, f"{page}/reset").text.split('class="codes"><code>')[1].split("<")[0]
    assert other != password
    actions = rows(app, "SELECT action FROM audit_log WHERE object_kind = 'staff' ORDER BY id")
    assert [row[0] for row in actions if row[0] != "staff.sign_in"][-3:] == [
        "staff.create",
        "staff.update",
        "staff.reset",
    ]
    [(own_id,)] = rows(app, "SELECT id FROM staff WHERE role = 'superadmin'")
    own = f"{PAGE}/staff/{own_id}"
    assert "last active superadmin" in boss.send(own, own, role="viewer", active="true", language="en").text


def test_the_audit_log_shows_differences_and_what_was_taken_out(app: Flask, console: Console) -> None:
    boss = console("superadmin")
    page = f"{PAGE}/configuration/lost_after_days"
    boss.send(page, page, value="9", reason="It is better.")
    assert boss.open("/console/machinery/alerts?state=open&format=csv").status_code == 200
    log = boss.read(f"{PAGE}/audit-log?action=config.set")
    assert "value: 7 → 9" in log
    [(entry_id,)] = rows(app, "SELECT id FROM audit_log WHERE action = 'config.set'")
    entry = boss.read(f"{PAGE}/audit-log/{entry_id}")
    assert "<del>7</del>" in entry
    assert "<ins>9</ins>" in entry
    assert "config.set" not in boss.read(f"{PAGE}/audit-log?action=refund.approve")
    exports = boss.read(f"{PAGE}/exports")
    assert "alerts.export_alerts" in exports
    assert "state: open" in exports
    assert "config.set" not in exports
