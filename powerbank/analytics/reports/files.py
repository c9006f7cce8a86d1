"""Write a report as CSV, as a workbook and as PDF. Each says the same, since each is made from what is kept."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import xlsxwriter
from flask import Response

from powerbank.analytics.figures.figure import Unit
from powerbank.analytics.reports import papers
from powerbank.analytics.reports.models import Format, PartnerReport, Report
from powerbank.analytics.reports.services import period_of
from powerbank.analytics.screens.writing import described, unit_of
from powerbank.api.exports import make_harmless

TYPES = {
    Format.PDF: "application/pdf",
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def write_report(report: Report | PartnerReport, format_: Format) -> bytes:
    match format_:
        case Format.CSV:
            return _write_csv(report)
        case Format.XLSX:
            return _write_workbook(report)
        case Format.PDF:
            return papers.write_paper(report)


def name_file(report: Report | PartnerReport, format_: Format) -> str:
    return f"{report.kind}-{period_of(report).name}.{format_}"


def answer_file(report: Report | PartnerReport, format_: Format) -> Response:
    """Answer a request with a report as a file of its own."""
    response = Response(write_report(report, format_), content_type=TYPES[format_])
    response.headers["Content-Disposition"] = f'attachment; filename="{name_file(report, format_)}"'
    return response


def _write_csv(report: Report | PartnerReport) -> bytes:
    """Write one figure of one moment in a line: whoever reads it with a program needs no other shape."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(("part", "at", "figure", "unit", "value", "before"))
    for view, answer in report.content["parts"].items():
        for name, value in answer["totals"].items():
            row = (view, "", name, unit_of(name), value, answer["previous"].get(name))
            writer.writerow([make_harmless(cell) for cell in row])
        for at, name, value in _cells_of_series(answer):
            writer.writerow([make_harmless(cell) for cell in (view, at, name, unit_of(name), value, "")])
    return written.getvalue().encode()


def _cells_of_series(answer: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for piece in answer["series"]:
        yield from ((piece["at"], name, value) for name, value in piece.items() if name != "at")


def _write_workbook(report: Report | PartnerReport) -> bytes:
    """Write a sheet for each part, with its totals above its series. Numbers are numbers there."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": f"{report.kind} {period_of(report).name}", "created": report.made_at})
        bold = book.add_format({"bold": True})
        formats = {
            unit: book.add_format({"num_format": "#,##0.00" if unit == Unit.MONEY else "#,##0.##"}) for unit in Unit
        }
        for view, answer in report.content["parts"].items():
            sheet = book.add_worksheet(view)
            sheet.set_column(0, 0, 28)
            sheet.set_column(1, 40, 16)
            sheet.write_row(0, 0, ("Figure", "Now", "Before"), bold)
            for row, (name, value) in enumerate(answer["totals"].items(), start=1):
                sheet.write_string(row, 0, described(name).title[0])
                for column, shown in enumerate((value, answer["previous"].get(name)), start=1):
                    if shown is not None:
                        sheet.write_number(row, column, float(shown), formats[unit_of(name)])
            _write_series(sheet, len(answer["totals"]) + 3, answer["series"], bold, formats)
    return file.getvalue()


def _write_series(sheet: Any, top: int, series: list[dict[str, Any]], bold: Any, formats: dict[Unit, Any]) -> None:
    if not series:
        return
    names = [name for name in series[0] if name != "at"]
    sheet.write_row(top, 0, ["At", *(described(name).title[0] for name in names)], bold)
    for row, piece in enumerate(series, start=top + 1):
        sheet.write_string(row, 0, piece["at"])
        for column, name in enumerate(names, start=1):
            if piece.get(name) is not None:
                sheet.write_number(row, column, float(piece[name]), formats[unit_of(name)])
