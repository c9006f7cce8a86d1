"""Alerts fire when they should, each has its section in the runbook, and every query asks for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from powerbank.base.db import transaction, utcnow
from powerbank.live.streams import metrics as live_metrics
from powerbank.ops import metrics
from powerbank.ops.machinery import maintenance
from powerbank.ops.models import MaintenanceKind
from powerbank.ops.queries import KINDS
from powerbank.stations.daemon import loop
from scripts.production import dashboards

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "deploy/monitoring"
GROUPS = yaml.safe_load((MONITORING / "powerbank.rules.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
NAME = re.compile(r"\bpowerbank[a-z_:0-9]*")
# Labels and file names that look like metrics.
NO_METRICS = {"powerbank", "powerbank-web"}


def existing(app: Flask) -> set[str]:
    """Every series that some program shows, by the names that a query may use."""
    moment = utcnow()
    with transaction():  # gauges with labels show nothing before there is something
        maintenance.note_run(
            MaintenanceKind.BACKUP, version="1", started_at=moment, finished_at=moment, succeeded=True, detail=""
        )
    metrics.count_request("GET", "/", 200, 0.1)
    families = list(text_string_to_metric_families(metrics.render_metrics().decode()))
    ours = (live_metrics.STREAMS, live_metrics.EVENTS, live_metrics.CLOSED, live_metrics.REFUSED, live_metrics.LAG)
    for collector in (*ours, loop.MESSAGES, loop.LAG, loop.LEADING):
        families += list(collector.collect())
    found = set()
    for family in families:
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + suffix for suffix in suffixes}
    return found | {rule["record"] for rule in RULES if "record" in rule}


def unknown(queries: list[str], known: set[str]) -> set[str]:
    asked = {name for query in queries for name in NAME.findall(query)} - NO_METRICS
    return asked - known


def test_every_alert_and_dashboard_asks_for_metrics_that_exist(context: Flask) -> None:
    known = existing(context)
    assert unknown([rule["expr"] for rule in RULES], known) == set()
    queries = [
        target["expr"]
        for name in dashboards.DASHBOARDS
        for panel in json.loads(dashboards.render(name))["panels"]
        for target in panel["targets"]
    ]
    assert unknown(queries, known) == set()
    assert unknown(["rate(powerbank_nothing_total[5m])"], known) == {"powerbank_nothing_total"}
    named = known | {name.removesuffix("_bucket") for name in known}  # a person speaks of a histogram by its name
    assert unknown(re.findall(r"`([^`]*)`", RUNBOOK), named | {"powerbank_before_"}) == set()


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    sections = dict(re.findall(r"^## (\w+)\n\*\*(\w+)\.\*\*", RUNBOOK, re.MULTILINE))
    assert sections == {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}
    assert len(re.findall(r"^## ", RUNBOOK, re.MULTILINE)) == len(ALERTS)
    for name, rule in ALERTS.items():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    for section in RUNBOOK.split("\n## ")[1:]:
        for part in ("*People notice:*", "*Look:*", "*Do:*", "*Wake:*"):
            assert part in section, section[:40]


def test_what_staff_are_told_of_monitors_are_told_of_too() -> None:
    told = {kind for rule in ALERTS.values() for kind in re.findall(r'kind="(\w+)"', rule["expr"])}
    # Dead letters have a gauge of their own.
    assert set(KINDS) - told == {"dead_letters"}


def test_each_alert_is_shown_to_fire_and_to_be_quiet() -> None:
    shown = [test for file in MONITORING.glob("*.tests.yml") for test in yaml.safe_load(file.read_text())["tests"]]
    cases = [(case["alertname"], bool(case["exp_alerts"])) for test in shown for case in test["alert_rule_test"]]
    assert sorted(cases) == sorted((name, fires) for name in ALERTS for fires in (True, False))


@pytest.mark.parametrize("name", dashboards.DASHBOARDS)
def test_dashboards_are_as_they_are_written_here(name: str) -> None:
    assert (dashboards.FOLDER / f"{name}.json").read_text() == dashboards.render(name)
