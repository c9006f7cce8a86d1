"""The console's lists of one station: its commands with their outcome, and what it said, as it came."""

from dataclasses import replace
from functools import partial

from flask import Response

from powerbank.admin.console.sections import STATIONS
from powerbank.admin.console.stations import tones
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.pages import lists
from powerbank.pages.lists import ListPage, show_list
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands.models import CommandStatus
from powerbank.stations.commands.schemas import CommandArguments
from powerbank.stations.messages import queries as message_queries
from powerbank.stations.messages.models import Outcome
from powerbank.stations.messages.schemas import ReportArguments
from powerbank.stations.registry import queries

blueprint = console_blueprint("console_station_messages", __name__, url_prefix="/console/stations")

COMMANDS = ListPage(
    "Commands",
    STATIONS,
    columns=(
        lists.moment("When", "created_at"),
        lists.code("Command", "command"),
        lists.number("Slot", "slot_number"),
        lists.code("Power bank", "serial"),
        lists.code("Outcome", "status"),
        lists.code("Asked by", "requested_by"),
        lists.moment("Settled", "finished_at"),
    ),
    filters=(lists.choice("Outcome", "status", [*CommandStatus]),),
    empty=(
        "No command yet.",
        "A command stands here with its outcome: what a rental ejects, what this service asks, and what staff send.",
    ),
    api="/api/admin/stations/{sn}/commands",
    template="console/stations/commands.html",
    file="commands",
)
REPORTS = ListPage(
    "Reports",
    STATIONS,
    columns=(
        lists.moment("When", "received_at"),
        lists.code("What", "kind"),
        lists.code("Outcome", "outcome"),
        lists.words("Reason", "reason"),
        lists.code("As it came", "payload"),
    ),
    filters=(lists.choice("Outcome", "outcome", [*Outcome]),),
    empty=(
        "No report yet.",
        "What the station says stands here as it came: events, and snapshots that changed something.",
    ),
    api="/api/admin/stations/{sn}/reports",
    template="console/stations/reports.html",
    file="reports",
)


@blueprint.get("/<sn>/commands")
def commands(sn: str) -> str | Response:
    staff = page_staff("stations.read")
    page = replace(COMMANDS, api=COMMANDS.api.format(sn=sn))
    read = partial(command_queries.list_commands, sn)
    station = queries.find_station(sn)
    return show_list(page, read, CommandArguments, staff=staff, of=("station", sn), station=station, tones=tones)


@blueprint.get("/<sn>/reports")
def reports(sn: str) -> str | Response:
    staff = page_staff("stations.read")
    page = replace(REPORTS, api=REPORTS.api.format(sn=sn))
    read = partial(message_queries.list_messages, sn)
    station = queries.find_station(sn)
    return show_list(page, read, ReportArguments, staff=staff, of=("station", sn), station=station, tones=tones)
