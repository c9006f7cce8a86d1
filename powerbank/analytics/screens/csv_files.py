"""Write an answer as CSV: one line for each piece of the time, or each week of sign-ups."""

import csv
import io
from typing import Any

from flask import Response

from powerbank.analytics.screens.answers import Question, make_answer
from powerbank.api.exports import make_harmless


def answer_csv(question: Question) -> Response:
    answer = make_answer(question)
    response = Response(write_series(answer["series"]), content_type="text/csv")
    name = f"{question.view}-{question.asked.name.replace('/', '-')}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def write_series(series: list[dict[str, Any]]) -> str:
    """Write the pieces of a series. What each week of a cohort did stands in a line of its own."""
    lines = [line for piece in series for line in _lines_of(piece)]
    written = io.StringIO()
    if lines:
        head = list(lines[0])
        writer = csv.writer(written, lineterminator="\r\n")
        writer.writerow(head)
        writer.writerows([make_harmless(line.get(name)) for name in head] for line in lines)
    return written.getvalue()


def answer_rows(name: str, rows: list[dict[str, Any]]) -> Response:
    """Answer with rows that all have the same columns."""
    response = Response(write_series(rows), content_type="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _lines_of(piece: dict[str, Any]) -> list[dict[str, Any]]:
    if "weeks" not in piece:
        return [piece]
    of_all = {name: value for name, value in piece.items() if name != "weeks"}
    return [of_all | week for week in piece["weeks"]] or [of_all]
