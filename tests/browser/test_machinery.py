"""Staff look at the machinery in a browser, and change a setting."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from powerbank.admin.console.sections import MACHINERY
from powerbank.base.db import db, transaction, utcnow
from powerbank.ops import services
from powerbank.ops.machinery import history
from powerbank.ops.queries import Problem
from powerbank.outbox import heartbeats
from tests.browser.reader import PHONE, WIDE, Reader
from tests.people import change, rows

SignIn = Callable[..., Reader]


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_the_pages_of_the_machinery_and_a_setting_that_is_changed(app: Flask, staff: SignIn) -> None:
    with app.app_context():
        heartbeats.record(db.engine, name="w1", kind="worker", queues=["default", "critical", "payments"])
        heartbeats.record(db.engine, name="s1", kind="scheduler", queues=[])
        with transaction():
            services.update_alerts(
                [Problem("no_daemon", "no_daemon", "no daemon hears what stations say")], now=utcnow()
            )
        with transaction():
            for minutes in range(0, 1400, 10):
                history.record_samples(now=utcnow() - timedelta(minutes=minutes))
    change(app, "UPDATE queue_samples SET waiting = extract(minute FROM at), oldest_age_s = extract(hour FROM at) * 9")
    reader = staff()
    for tab in MACHINERY.tabs[:-1]:
        reader.open(tab.address)
    page = reader.open("/console/machinery/configuration/lost_after_days")
    page.fill("[name=value]", "9")
    page.fill("[name=reason]", "Seven days are too few.")
    reader.send("main form button")
    assert page.locator(".toast.good").count() == 1
    reader.look()
    assert rows(app, "SELECT CAST(value AS text) FROM app_config") == [("9",)]
    page.goto("/console/machinery/audit-log?action=config.set")
    page.click("td a")
    page.wait_for_url("**/audit-log/*")
    reader.look()
    page.goto("/console/machinery/staff")
    page.click("td a")
    page.wait_for_url("**/staff/*")
    reader.look()
