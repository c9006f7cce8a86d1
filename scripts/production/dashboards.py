"""The dashboards of Grafana as code: running this module writes them to `deploy/monitoring/dashboards/`.

A test compares the files with what is here, and every query with the metrics that exist.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "deploy/monitoring/dashboards"
WIDTH, HEIGHT, IN_ROW = 12, 8, 2


@dataclass(frozen=True)
class Panel:
    title: str
    queries: dict[str, str]  # by their legend
    unit: str = "short"
    kind: str = "timeseries"


def one_of_all(metric: str) -> str:
    """What every web process tells of the whole network is asked of one of them."""
    return f"max without (instance) ({metric})"


def quantiles(metric: str, by: str = "") -> dict[str, str]:
    sums = f"sum by (le{', ' + by if by else ''}) (rate({metric}_bucket[5m]))"
    legend = f" {{{{{by}}}}}" if by else ""
    return {f"{name}{legend}": f"histogram_quantile({share}, {sums})" for name, share in (("p50", 0.5), ("p99", 0.99))}


DASHBOARDS: dict[str, tuple[str, list[Panel]]] = {
    "business": (
        "Powerbank: business",
        [
            Panel("Rentals today", {"started": one_of_all("powerbank_rentals_started_today")}, kind="stat"),
            Panel(
                "Money today, in rupees",
                {
                    "topped up": one_of_all("powerbank_topped_up_today_paisa") + " / 100",
                    "revenue": one_of_all("powerbank_revenue_today_paisa") + " / 100",
                },
                kind="stat",
            ),
            Panel(
                "Rentals",
                {
                    "open": one_of_all("powerbank_rentals_open"),
                    "overdue": one_of_all("powerbank_rentals_overdue"),
                    "banks out": one_of_all("powerbank_banks_out"),
                },
            ),
            Panel(
                "Starts within 3 s",
                {
                    "of an hour": "1 - powerbank:starts_late:ratio1h",
                    "of six hours": "1 - powerbank:starts_late:ratio6h",
                },
                unit="percentunit",
            ),
            Panel("Starts refused", {"{{reason}}": "sum by (reason) (rate(powerbank_starts_refused_total[5m]))"}),
            Panel("Stations away", {"away": one_of_all("powerbank_stations_away")}),
        ],
    ),
    "api": (
        "Powerbank: API",
        [
            Panel("Requests a second", {"{{status}}": "sum by (status) (rate(powerbank_http_requests_total[5m]))"}),
            Panel("Time to answer", quantiles("powerbank_http_request_seconds"), unit="s"),
            Panel(
                "Slowest routes (p99)",
                {
                    "{{route}}": "topk(10, histogram_quantile(0.99, sum by (le, route)"
                    " (rate(powerbank_http_request_seconds_bucket[5m]))))"
                },
                unit="s",
            ),
            Panel(
                "Failures by route",
                {"{{route}}": 'topk(10, sum by (route) (rate(powerbank_http_requests_total{status=~"5.."}[5m])))'},
            ),
            Panel(
                "Share of failures",
                {
                    "5 minutes": "powerbank:answers_bad:ratio5m",
                    "1 hour": "powerbank:answers_bad:ratio1h",
                    "6 hours": "powerbank:answers_bad:ratio6h",
                },
                unit="percentunit",
            ),
            Panel("Versions", {"{{version}}": "count by (version) (powerbank_build_info)"}),
            Panel("Live streams", {"streams": "sum(powerbank_live_streams)"}),
            Panel("Until screens hear", quantiles("powerbank_live_lag_seconds"), unit="s"),
            Panel("Streams closed", {"{{reason}}": "sum by (reason) (rate(powerbank_live_closed_total[5m]))"}),
            Panel("Streams refused", {"{{status}}": "sum by (status) (rate(powerbank_live_refused_total[5m]))"}),
        ],
    ),
    "jobs": (
        "Powerbank: jobs",
        [
            Panel("Waiting", {"{{queue}}": "max by (queue) (powerbank_jobs_waiting)"}),
            Panel("Oldest due job", {"age": one_of_all("powerbank_jobs_oldest_seconds")}, unit="s"),
            Panel("Workers", {"alive": one_of_all("powerbank_workers_alive")}, kind="stat"),
            Panel("Dead letters", {"{{job}}": "max by (job) (powerbank_dead_letters)"}),
            Panel(
                "Runs by outcome", {"{{outcome}}": f"sum by (outcome) ({one_of_all('rate(powerbank_jobs_total[5m])')})"}
            ),
            Panel(
                "Failures by job",
                {
                    "{{job}}": "topk(10, sum by (job) (max without (instance)"
                    ' (rate(powerbank_jobs_total{outcome=~"retry|dead"}[5m]))))'
                },
            ),
            Panel(
                "Slowest jobs (p99)",
                {
                    "{{job}}": "topk(10, histogram_quantile(0.99, sum by (le, job)"
                    " (max without (instance) (rate(powerbank_job_seconds_bucket[5m])))))"
                },
                unit="s",
            ),
            Panel("Alerts", {"{{kind}}": "max by (kind) (powerbank_alerts)"}),
        ],
    ),
    "stations": (
        "Powerbank: stations",
        [
            Panel("Away", {"away": one_of_all("powerbank_stations_away")}, kind="stat"),
            Panel("Daemons that lead", {"lead": "sum(powerbank_station_daemon_leads)"}, kind="stat"),
            Panel("Messages", {"{{outcome}}": "sum by (outcome) (rate(powerbank_station_messages_total[5m]))"}),
            Panel("Until a message is written", quantiles("powerbank_station_lag_seconds"), unit="s"),
            Panel("Starts on their way", {"waiting": one_of_all("powerbank_starts_waiting")}),
            Panel("Ejections a second", {"sent": one_of_all("powerbank_starts_rate")}),
        ],
    ),
    "money": (
        "Powerbank: money",
        [
            Panel("Owed, in rupees", {"dues": one_of_all("powerbank_dues_paisa") + " / 100"}),
            Panel(
                "Top-ups within 10 s",
                {
                    "of an hour": "1 - powerbank:topups_late:ratio1h",
                    "of six hours": "1 - powerbank:topups_late:ratio6h",
                },
                unit="percentunit",
            ),
            Panel("Top-ups that failed today", {"failed": one_of_all("powerbank_topups_failed_today")}),
            Panel("Jobs of payments", {"waiting": 'max(powerbank_jobs_waiting{queue="payments"})'}),
            Panel(
                "Books differ", {"alerts": 'max(powerbank_alerts{kind="ledger_mismatch"}) or vector(0)'}, kind="stat"
            ),
            Panel(
                "Hours since it last went well",
                {
                    "{{kind}}": "(time() - max by (kind) (powerbank_maintenance_succeeded_timestamp_seconds)) / 3600",
                },
            ),
            Panel("Failed last", {"{{kind}}": "max by (kind) (powerbank_maintenance_failed)"}),
            Panel("Database", {"answers": "min(powerbank_database_up)"}, kind="stat"),
        ],
    ),
}


def render(name: str) -> str:
    title, panels = DASHBOARDS[name]
    board = {
        "uid": f"powerbank-{name}",
        "title": title,
        "tags": ["powerbank"],
        "timezone": "browser",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}]
        },
        "panels": [_render_panel(number, panel) for number, panel in enumerate(panels)],
    }
    return json.dumps(board, indent=1) + "\n"


def _render_panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": source,
        "gridPos": {"x": number % IN_ROW * WIDTH, "y": number // IN_ROW * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "datasource": source, "expr": query, "legendFormat": legend}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in DASHBOARDS:
        (FOLDER / f"{name}.json").write_text(render(name))


if __name__ == "__main__":
    main()
