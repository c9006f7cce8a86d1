"""The timeline of a rental for the console: its log, commands, custody, what stations said, money, cases, messages."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from powerbank.admin.console.columns import write_member
from powerbank.base.money import NPR
from powerbank.notifications.models import Delivery, Notice
from powerbank.pages.language import translate, write_number
from powerbank.pages.timelines import Moment, in_order
from powerbank.rentals.models import RentalEvent

EVENTS = {
    "initiated": "The rental was begun.",
    "eject_sent": "The station was told to hand out a power bank.",
    "ejected": "The power bank came out.",
    "eject_refused": "The station refused to hand it out.",
    "eject_unanswered": "The station did not answer.",
    "no_answer": "Nobody knows whether the power bank came out.",
    "never_came_out": "The power bank never came out.",
    "initiation_expired": "The start took too long and was given up.",
    "failed": "The start failed.",
    "came_late": "The power bank came out after the rental had ended.",
    "second_bank": "A second power bank came out.",
    "second_bank_returned": "The second power bank came back.",
    "cancel_requested": "The person wants to cancel.",
    "cancelled": "The rental was cancelled.",
    "cancelled_by_staff": "Staff cancelled the rental.",
    "dispute_upheld": "The rental was cancelled, because its case was upheld.",
    "overdue": "The rental is overdue.",
    "extended": "The rental was extended.",
    "return_provisional": "The power bank is back, and its test is still to come.",
    "return_refused": "The test failed: the person has the power bank again.",
    "returned": "The power bank came back.",
    "settled": "All fees are paid or owed.",
    "due_paid": "A due was paid.",
    "lost": "The power bank counts as lost.",
    "found": "The power bank was found again.",
    "swap_granted": "Staff allowed a swap.",
    "swapped": "The power bank was brought back to be swapped.",
    "swap_refused": "The swap came to nothing.",
    "issue_reported": "The person reported an issue.",
    "case_decided": "A case was decided.",
    "resolved": "Staff decided about the rental.",
    "staff_told": "Staff were told.",
}
TONES = {
    "ejected": "good",
    "returned": "good",
    "settled": "good",
    "found": "good",
    "no_answer": "warn",
    "came_late": "warn",
    "second_bank": "warn",
    "overdue": "warn",
    "return_refused": "warn",
    "issue_reported": "warn",
    "eject_refused": "bad",
    "failed": "bad",
    "lost": "bad",
    "resolved": "busy",
    "case_decided": "busy",
}
PLACES = {
    "slot": "Slot {slot} of station {station} has power bank {serial}.",
    "user": "The person has power bank {serial}.",
    "crew": "The crew has power bank {serial}.",
    "warehouse": "Power bank {serial} is in the warehouse.",
    "quarantined": "Power bank {serial} is in quarantine.",
    "lost": "Power bank {serial} counts as lost.",
}


def rental_timeline(dossier: Mapping[str, Any], messages: Iterable[tuple[Notice, list[Delivery]]]) -> list[Moment]:
    """Put all that is known of a rental into one order, oldest first."""
    return in_order(
        _log(dossier["timeline"]),
        _commands(dossier["commands"]),
        _custody(dossier["custody"]),
        _reports(dossier["reports"]),
        _money(dossier),
        _cases(dossier["cases"]),
        _messages(messages),
    )


def _log(events: Iterable[RentalEvent]) -> Iterator[Moment]:
    for event in events:
        title = EVENTS.get(event.event)
        yield Moment(
            event.at,
            "rental",
            translate(title) if title else event.event.replace("_", " "),
            detail=_write_detail(event.detail),
            by=_write_cause(event.cause),
            tone=TONES.get(event.event, "quiet"),
        )


def _commands(commands: Iterable[Any]) -> Iterator[Moment]:
    for command in commands:
        place = {"slot": command.slot_number, "serial": command.serial}
        yield Moment(command.created_at, "command", translate("Command: hand out {serial} from slot {slot}.", **place))
        if command.finished_at is not None:
            good = command.status == "succeeded"
            yield Moment(
                command.finished_at,
                "command",
                translate("The command ended: {status}.", status=translate(command.status)),
                detail=_write_detail(command.response or {}),
                tone="good" if good else "bad",
            )


def _custody(stays: Iterable[Mapping[str, Any]]) -> Iterator[Moment]:
    for stay in stays:
        title = translate(
            PLACES[stay["place"]],
            serial=stay["powerbank_sn"],
            **({"slot": stay["slot_number"], "station": stay["station_sn"]} if stay["place"] == "slot" else {}),
        )
        yield Moment(
            stay["since"],
            "custody",
            title,
            by=_write_cause(stay["cause"]),
            href=f"/console/powerbanks/{stay['powerbank_sn']}",
        )


def _reports(reports: Iterable[Any]) -> Iterator[Moment]:
    for report in reports:
        yield Moment(
            report.received_at,
            "station",
            _write_report(report),
            detail=f"{report.kind}, {report.outcome}",
            by=report.station_sn,
            href=f"/console/stations/{report.station_sn}",
        )


def _write_report(report: Any) -> str:
    place = {"station": report.station_sn, "slot": report.slot_number}
    if report.shows_bank is False:
        return translate("Station {station} does not show it.", station=report.station_sn)
    if report.slot_number is None:
        return translate("Station {station} spoke of it.", station=report.station_sn)
    if report.shows_bank:
        return translate("Station {station} shows it in slot {slot}.", **place)
    return translate("Station {station} spoke of slot {slot}.", **place)


def _money(dossier: Mapping[str, Any]) -> Iterator[Moment]:
    for hold in dossier["holds"]:
        amount = _write_amount(hold.amount, hold.currency)
        yield Moment(
            hold.created_at, "money", translate("{amount} {currency} were held.", amount=amount, currency=hold.currency)
        )
    for payment in dossier["payments"]:
        title = "{amount} NPR were refunded." if payment.type == "refund" else "{amount} NPR were paid."
        yield Moment(
            payment.created_at,
            "money",
            translate(title, amount=_write_amount(payment.amount)),
            detail=f"{payment.type}, {payment.status}",
            tone="busy" if payment.type == "refund" else "good",
        )
    for due in dossier["dues"]:
        yield Moment(
            due.created_at, "money", translate("{amount} NPR are owed.", amount=_write_amount(due.amount)), tone="warn"
        )
        if due.closed_at is not None:
            yield Moment(
                due.closed_at,
                "money",
                translate("The due of {amount} NPR is closed.", amount=_write_amount(due.amount)),
                tone="good",
            )


def _cases(cases: Iterable[Mapping[str, Any]]) -> Iterator[Moment]:
    for case in cases:
        issue = translate(case["issue_type"].replace("_", " "))
        yield Moment(
            case["reported_at"],
            "case",
            translate("Reported: {issue}.", issue=issue),
            detail=case["description"] or "",
            tone="warn",
            href=f"#case-{case['id']}",
        )
        if case["decided_at"] is not None:
            yield Moment(
                case["decided_at"],
                "case",
                translate("Decided: {decision}.", decision=translate(case["status"])),
                detail=case["decision"] or "",
                by=_write_cause(case["decided_by"]),
                tone="busy",
                href=f"#case-{case['id']}",
            )


def _messages(messages: Iterable[tuple[Notice, list[Delivery]]]) -> Iterator[Moment]:
    for notice, deliveries in messages:
        ways = [f"{each.channel}: {translate(each.status)}" for each in deliveries]
        failed = any(each.status in ("failed", "expired") for each in deliveries)
        yield Moment(
            notice.created_at,
            "message",
            notice.title or notice.type.replace("_", " "),
            detail=", ".join(ways),
            tone="warn" if failed else "quiet",
        )


def _write_amount(amount: int, currency: str = NPR) -> str:
    return write_number(amount / 100, 2) if currency == NPR else write_number(amount)


def _write_detail(detail: Mapping[str, Any]) -> str:
    """Write what an entry says besides: it is for people who look closely, so the names stay as they are."""
    shown = {name: value for name, value in detail.items() if value not in (None, "", [], {})}
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in shown.items())


def _write_cause(cause: str) -> str:
    if cause.startswith("staff:"):
        return write_member(cause)
    if cause.startswith("user:"):
        return translate("the person")
    return cause.partition(":")[0]
