"""The console's pages of the audit log: what staff did, with what it changed, and what they took out as a file."""

from typing import Any
from uuid import UUID

from flask import Response, render_template

from powerbank.admin import queries
from powerbank.admin.console.columns import member
from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.admin.schemas import AuditArguments
from powerbank.pages import lists
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_audit", __name__, url_prefix="/console/machinery")


def _summarise(row: Any) -> str | None:
    """Say in a line what a row changed."""
    changed = queries.find_differences(row.old, row.new)
    told = [f"{name}: {old} → {new}" if old is not None else f"{name}: {new}" for name, old, new in changed]
    written = "; ".join(told)
    return f"{written[:160]}…" if len(written) > 160 else written or None


def _write_filters(row: Any) -> str | None:
    return ", ".join(f"{name}: {value}" for name, value in (row.new or {}).items()) or None


AUDIT_LOG = ListPage(
    "Audit log",
    MACHINERY,
    columns=(
        lists.moment("When", "at"),
        member("Who", "actor"),
        lists.code("What", "action"),
        lists.words("About", lambda row: f"{row.object_kind} {row.object_id[-36:]}", "device"),
        lists.words("What changed", _summarise, "long"),
    ),
    filters=(
        lists.text_field("Who", "actor", "staff:… with the id, or a command."),
        lists.text_field("What", "action", "Such as refund.approve."),
        lists.text_field("Kind", "object_kind", "Such as user, refund, config."),
        lists.text_field("Its number", "object_id"),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("Nothing yet.", "Whatever staff do to a person, a station, money or the configuration stands here."),
    api="/api/admin/audit-log",
    opens=lambda row: f"/console/machinery/audit-log/{row.id}",
    file="audit_log",
)
EXPORTS = ListPage(
    "Exports",
    MACHINERY,
    columns=(
        lists.moment("When", "at"),
        member("Who", "actor"),
        lists.code("What", "action"),
        lists.words("About", "object_id", "device"),
        lists.words("Filters", _write_filters, "long"),
        lists.words("Address", "address"),
    ),
    filters=(
        lists.text_field("Who", "actor", "staff:… with the id, or a command."),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("Nothing was taken out.", "Each list can be taken away as CSV; who did so stands here, with the filters."),
    api="/api/admin/audit-log?exports=true",
    opens=lambda row: f"/console/machinery/audit-log/{row.id}",
    file="exports",
)


@blueprint.get("/audit-log")
def audit_log() -> str | Response:
    return show_list(AUDIT_LOG, queries.list_audit_entries, AuditArguments, staff=page_staff("audit.read"))


@blueprint.get("/exports")
def exports() -> str | Response:
    return show_list(
        EXPORTS,
        lambda **arguments: queries.list_audit_entries(**arguments | {"exports": True}),
        AuditArguments,
        staff=page_staff("audit.read"),
    )


@blueprint.get("/audit-log/<uuid:entry_id>")
def entry(entry_id: UUID) -> str:
    staff = page_staff("audit.read")
    found = queries.find_audit_entry(entry_id)
    return render_template(
        "console/machinery/audit_entry.html",
        staff=staff,
        section=MACHINERY,
        entry=found,
        differences=queries.find_differences(found.old, found.new),
    )
