"""Statements as JSON and CSV, line by line, so that the longest one needs no more memory than the shortest."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from flask import Response, stream_with_context

from powerbank.base.clock import format_time
from powerbank.base.money import format_amount
from powerbank.payouts.statements import services
from powerbank.payouts.statements.models import Statement

AMOUNTS = ("gross", "tax", "share", "withheld", "amount")
HEAD = ("at", "kind", "rental", "station", *AMOUNTS, "currency", "earlier statement")


def show_head(statement: Statement) -> dict[str, Any]:
    """Show a statement without its lines."""
    return {
        "number": statement.number,
        "kind": statement.kind,
        "payee": {"kind": statement.payee_kind, "id": str(statement.payee_id), "name": statement.head["payee"]},
        "month": None if statement.month is None else f"{statement.month:%Y-%m}",
        **{name: statement.head.get(name) for name in ("pan", "address", "payout", "cutoff", "paid_at", "reference")},
        "account": statement.head.get("account"),
        "currency": statement.head["currency"],
        "opening": format_amount(statement.opening),
        "totals": {name: format_amount(amount) for name, amount in statement.totals.items()},
        "earned": format_amount(statement.earned),
        "paid": format_amount(statement.paid),
        "closing": format_amount(statement.closing),
        "lines_count": statement.lines_count,
        "made_at": format_time(statement.made_at),
        "digest": statement.digest.hex(),
    }


def show_line(line: dict[str, Any]) -> dict[str, Any]:
    return line | {name: format_amount(line[name]) for name in AMOUNTS}


def answer_json(statement: Statement) -> Response:
    return _answer(statement, _json_pieces(statement), "application/json", "json")


def answer_csv(statement: Statement) -> Response:
    return _answer(statement, _csv_pieces(statement), "text/csv", "csv")


def _json_pieces(statement: Statement) -> Iterator[str]:
    head = json.dumps(show_head(statement), ensure_ascii=False)
    yield head[:-1] + ', "lines": ['
    first = True
    for page in services.list_pages(statement):
        shown = ", ".join(json.dumps(show_line(line), ensure_ascii=False) for line in page)
        yield shown if first else f", {shown}"
        first = False
    yield "]}"


def _csv_pieces(statement: Statement) -> Iterator[str]:
    """Write the lines between the opening and the closing balance: the amounts of all rows add up to nothing left."""
    currency = statement.head["currency"]
    yield _row(HEAD)
    yield _row(("", "opening", "", "", "", "", "", "", format_amount(statement.opening), currency, ""))
    for page in services.list_pages(statement):
        yield "".join(
            _row(
                (
                    line["at"],
                    line["kind"],
                    line["rental_code"],
                    line["station_sn"],
                    *(format_amount(line[name]) for name in AMOUNTS),
                    currency,
                    line["earlier_statement"],
                )
            )
            for line in page
        )
    if statement.payout_id is not None:
        paid = format_amount(-statement.paid)
        yield _row((statement.head["paid_at"], "paid", "", "", "", "", "", "", paid, currency, ""))
    yield _row(("", "closing", "", "", "", "", "", "", format_amount(statement.closing), currency, ""))


def _row(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow("" if cell is None else cell for cell in cells)
    return line.getvalue()


def _answer(statement: Statement, pieces: Iterator[str], content_type: str, ending: str) -> Response:
    response = Response(stream_with_context(pieces), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{statement.number}.{ending}"'
    response.set_etag(statement.digest.hex())
    return response
