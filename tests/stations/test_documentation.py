"""`docs/stations.md` says what is: its events, states, refusals, faults and figures are those of the code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from powerbank.stations.availability import alerts
from powerbank.stations.commands import queries as command_queries
from powerbank.stations.commands import services as commands
from powerbank.stations.commands import slot_inspection
from powerbank.stations.commands.models import CommandStatus
from powerbank.stations.daemon import loop as daemon
from powerbank.stations.messages import message_log
from powerbank.stations.messages import services as message_services
from powerbank.stations.protocols import json_fields, json_v1, protocol, volinks_v1
from powerbank.subscriptions import SUBSCRIPTIONS
from scripts.simulation.faults import FAULTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "stations.md").read_text()
PROSE = " ".join(PAGE.split())


def table(head: str) -> list[list[str]]:
    """Return the cells of the rows below a table's first line."""
    lines = PAGE[PAGE.index(head) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(cell: str) -> set[str]:
    return {word for part in re.findall(r"`([^`]+)`", cell) for word in part.split()}


def told_by_stations() -> dict[str, set[str]]:
    found = [event for event in SUBSCRIPTIONS if event.__module__ == "powerbank.stations.events"]
    return {event.__name__: {each.name for each in fields(event)} for event in found}


def test_the_page_lists_each_event_with_its_fields() -> None:
    assert {
        name: words(its_fields) for event, its_fields, _ in table("| event |") for name in words(event)
    } == told_by_stations()


def test_the_page_lists_each_status_of_a_command() -> None:
    assert {name for row in table("| status |") for name in words(row[0])} == {*CommandStatus}


def test_the_page_lists_the_refusals_that_prove_nothing() -> None:
    said = PAGE[PAGE.index("unless its `error` says") :].split("Those prove nothing")[0]
    assert words(said) - {"error"} == {*json_v1.REFUSALS}


def test_the_page_lists_each_fault_of_the_simulator() -> None:
    assert {name for row in table("| fault |") for name in words(row[0])} == {*FAULTS}


@pytest.mark.parametrize(
    "sentence",
    [
        f"at most {daemon.BATCH_SIZE:,} messages, of one station at most {daemon.MOST_OF_ONE_STATION} while others"
        " wait",
        f"in one breath ({daemon.BURST_SECONDS * 1000:.0f} ms",
        f"a batch begins each {daemon.BATCH_INTERVAL * 1000:.0f} ms",
        f"more than {message_services.FLOOD_SIZE} messages in a batch",
        f"no turn of its loop for {'a minute' if daemon.STUCK_AFTER == 60 else daemon.STUCK_AFTER}",
        f"nonsense for {message_log.RETENTION.days} days",
        f"no snapshot within {commands.SNAPSHOT_SECONDS} s",
        f"until {command_queries.LATE_EJECTION.seconds // 60} minutes after the deadline",
        f"after half a minute{'' if alerts.SETTLING_TIME.seconds == 30 else '?'}",
        f"at the {['', 'first', 'second', 'third'][alerts.FLAPPING_OUTAGES]} outage of an hour",
        f"as it is for half an hour{'' if alerts.CALM_TIME.seconds == 1800 else '?'}",
        f"refused to eject {['never', 'once', 'twice'][slot_inspection.IN_A_ROW]} in a row",
        f"{protocol.MAX_PAYLOAD // 1024} KiB, {protocol.MAX_SLOT} slots",
        f"cut to {json_fields.MAX_ENTRIES} entries on {['', '', '', '', 'four'][json_fields.MAX_DEPTH]} levels",
        f"`settling_seconds` ({volinks_v1.SETTLING_SECONDS}) seconds",
    ],
)
def test_the_page_names_the_figures_of_the_code(sentence: str) -> None:
    assert sentence in PROSE
