"""`flask docs …` makes the documentation that follows from the code, `flask seed-demo` a demonstration network."""

import re
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from pydantic import SecretStr

from config import Settings
from powerbank.api.document.refusals import write_found
from powerbank.base.db import transaction, utcnow
from powerbank.content import app_config
from powerbank.content import seed as content_seed
from powerbank.outbox import catalogue
from powerbank.outbox.policy import JobSpec, Retries
from powerbank.promotions import seed as promotions_seed
from powerbank.social import seed as social_seed
from powerbank.stations.registry import seed as stations_seed


@click.command("seed-demo")
@with_appcontext
def seed_demo() -> None:
    """Fill an empty installation with a demonstration network."""
    with transaction():
        made = [
            content_seed.seed_content(utcnow()),
            stations_seed.seed_stations(utcnow()),
            promotions_seed.seed(),
            social_seed.seed_achievements(),
        ]
        if all(made):  # nobody checks identities while people try the demonstration out
            app_config.set_value("kyc_required", False, actor="seed-demo")
    click.echo("demonstration network made" if any(made) else "there is something already; nothing changed")


docs = AppGroup("docs", help="Documentation made from the code.")

ROOT = Path(__file__).parents[2]


@docs.command("write")
@click.option("--check", is_flag=True, help="Change nothing; fail if something is out of date.")
def write(check: bool) -> None:
    """Write the tables between their markers in README.md and docs/jobs.md, the codes of refusals, and the guides."""
    from powerbank.guides.rendering import write_guides  # what it needs is not there in production

    stale = [
        name
        for path, marker, table in (
            ("README.md", "settings", settings_table()),
            ("docs/jobs.md", "jobs", jobs_table()),
            ("docs/jobs.md", "schedule", schedule_table()),
        )
        if (name := _replace_table(ROOT / path, marker, table, check=check))
    ]
    stale += write_guides(check=check)
    if not check:  # tests/api/test_document.py compares these
        write_found(current_app)
    if check and stale:
        raise click.ClickException(f"out of date, run `flask docs write`: {', '.join(stale)}")


def _replace_table(path: Path, marker: str, table: str, *, check: bool) -> str | None:
    old = path.read_text()
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    new = pattern.sub(lambda found: f"{found[1]}{table}\n{found[2]}", old)
    if new == old:
        return None
    if not check:
        path.write_text(new)
    return f"{path.name} ({marker})"


def settings_table() -> str:
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else _default(field.default)
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def _default(value: object) -> str:
    if isinstance(value, SecretStr) and value.get_secret_value():
        return "a development secret"
    return "–" if value is None or isinstance(value, SecretStr) else f"`{value}`"


def jobs_table() -> str:
    lines = [
        "| job | queue | retries (delays) | limit | expires / alarm | kind |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{spec.name}` | {spec.lane} | {_retries(spec.retries)} | {spec.limit} s | {_time(spec)} | {_kind(spec)} |"
        for spec in catalogue.JOBS
    ]
    return "\n".join(lines)


def _retries(retries: Retries) -> str:
    if not retries.delays:
        return "none"
    delays = ", ".join(f"{delay} s" for delay in retries.delays)
    return f"until done ({delays} …)" if retries.until_done else f"{len(retries.delays)} ({delays})"


def _time(spec: JobSpec) -> str:
    parts = [f"expires {spec.expires} s"] if spec.expires else []
    parts += [f"alarm {spec.alarm} s"] if spec.alarm else []
    return ", ".join(parts) or "–"


def _kind(spec: JobSpec) -> str:
    if not spec.durable:
        return "may be lost"
    return "durable, stepwise" if spec.stepwise else "durable"


def schedule_table() -> str:
    lines = ["| task | cron | zone | job |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {entry.name} | `{entry.cron}` | {entry.timezone} | `{entry.job.name}` |" for entry in catalogue.SCHEDULES
    ]
    return "\n".join(lines)
