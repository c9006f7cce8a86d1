"""A statement as PDF: a paper that a bank and a tax office take, with the same lines and sums as its JSON and CSV.

At the foot of each page stands what the lines add up to so far, and the next page begins with it.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Response

from powerbank.base.clock import HOME
from powerbank.base.money import format_amount
from powerbank.content.letterheads import current_letterhead
from powerbank.papers.calendars import format_both, format_moment, format_nepali
from powerbank.papers.paper import LEFT, RIGHT, Column, Paper
from powerbank.payouts.statements import services
from powerbank.payouts.statements.models import Statement, StatementKind

AMOUNTS = ("gross", "tax", "share", "withheld", "amount")
COLUMNS = (
    Column("Date (AD, BS)", "मिति", LEFT),
    Column("What", "विवरण", LEFT + 84),
    Column("Rental", "भाडा", LEFT + 162),
    Column("Station", "स्टेशन", LEFT + 212),
    Column("Gross", "कुल", LEFT + 318, right=True),
    Column("Tax", "कर", LEFT + 360, right=True),
    Column("Share", "हिस्सा", LEFT + 410, right=True),
    Column("Withheld", "कर कट्टी", LEFT + 458, right=True),
    Column("Amount", "रकम", RIGHT, right=True),
)
WHAT = {
    "rental": "Rental",
    "refund": "Given back",
    "guarantee": "Minimum",
    "rent": "Rent",
    "share": "Share",
    "adjustment": "Adjustment",
    "payout": "Payout",
    "payout_returned": "Came back",
    "transfer": "Transfer",
    "task": "Task",
    "shift": "Shift",
    "reversal": "Rejected",
}
ON_FIRST_PAGE, ON_PAGE, CLOSING = 36, 51, 5  # rows; the last ones are the sums at the end


def answer_pdf(statement: Statement) -> Response:
    response = Response(make_pdf(statement), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{statement.number}.pdf"'
    response.set_etag(statement.digest.hex())
    return response


def make_pdf(statement: Statement) -> bytes:
    """Make the paper of a statement. The same statement gives the same bytes under the same letterhead."""
    title = ("Statement", "विवरण") if statement.kind == StatementKind.PAYOUT else ("Monthly statement", "मासिक विवरण")
    paper = Paper(current_letterhead(), title=title, number=statement.number, pages=_count_pages(statement))
    paper.facts(_facts(statement))
    paper.heading(COLUMNS)
    carried = dict.fromkeys(AMOUNTS, 0)
    carried["amount"] = statement.opening
    paper.row(COLUMNS, _sum_cells("Opening balance · सुरु मौज्दात", {"amount": statement.opening}), bold=True)
    left = ON_FIRST_PAGE
    for line in _lines(statement):
        if left == 0:
            paper.rule()
            paper.row(COLUMNS, _sum_cells("Carried forward · अगाडि सारिएको", carried), bold=True)
            paper.begin_page()
            paper.heading(COLUMNS)
            paper.row(COLUMNS, _sum_cells("Brought forward · ल्याइएको", carried), bold=True)
            left = ON_PAGE
        paper.row(COLUMNS, _cells(line))
        for name in AMOUNTS:
            carried[name] += line[name]
        left -= 1
    if left < CLOSING:
        paper.begin_page()
        paper.heading(COLUMNS)
    _close(paper, statement, carried)
    return paper.finish()


def _count_pages(statement: Statement) -> int:
    """Count the pages beforehand, since each of them names their number."""
    after_first = max(0, statement.lines_count - ON_FIRST_PAGE)
    pages = 1 + -(-after_first // ON_PAGE)
    on_last = after_first - (pages - 2) * ON_PAGE if pages > 1 else statement.lines_count
    room = (ON_PAGE if pages > 1 else ON_FIRST_PAGE) - on_last
    return pages + (room < CLOSING)


def _close(paper: Paper, statement: Statement, carried: dict[str, int]) -> None:
    paper.rule()
    paper.row(COLUMNS, _sum_cells("Total of the lines · जम्मा", carried | {"amount": statement.earned}), bold=True)
    if statement.paid:
        paper.row(COLUMNS, _sum_cells("Paid · भुक्तानी", {"amount": -statement.paid}), bold=True)
    paper.row(COLUMNS, _sum_cells("Closing balance · अन्तिम मौज्दात", {"amount": statement.closing}), bold=True)
    paper.y -= 6
    paper.write(LEFT, paper.y, f"SHA-256 {statement.digest.hex()}", size=6, grey=0.38)


def _facts(statement: Statement) -> list[tuple[str, str, str]]:
    head = statement.head
    made = statement.made_at.astimezone(HOME)
    rows = [
        ("Payee", "पाउने", head["payee"]),
        ("Address", "ठेगाना", head.get("address")),
        ("PAN", "प्यान", head.get("pan")),
        ("Month", "महिना", statement.month and f"{statement.month:%Y-%m} (BS {_nepali_months(statement)})"),
        ("Earned up to", "यस समयसम्मको आम्दानी", head.get("cutoff") and format_moment(head["cutoff"])),
        ("Paid on", "भुक्तानी मिति", head.get("paid_at") and format_moment(head["paid_at"])),
        ("Paid to", "भुक्तानी खाता", head.get("account")),
        ("Payout, reference", "भुक्तानी नम्बर, सन्दर्भ", _join(head.get("payout"), head.get("reference"))),
        ("Made on", "बनाइएको मिति", f"{format_both(made.date())} {made:%H:%M}"),
        ("Amounts in", "मुद्रा", head["currency"]),
    ]
    return [(english, nepali, str(value)) for english, nepali, value in rows if value]


def _nepali_months(statement: Statement) -> str:
    """Name the months of Bikram Sambat in which a month of the other calendar lies."""
    assert statement.month is not None  # noqa: S101 (CHECK month)
    nepali = [format_nepali(statement.month), format_nepali(statement.month.replace(day=28))]
    return " – ".join(dict.fromkeys(each[:7] for each in nepali if each))


def _lines(statement: Statement) -> Iterator[dict[str, Any]]:
    for page in services.list_pages(statement):
        yield from page


def _cells(line: dict[str, Any]) -> list[str]:
    day = datetime.fromisoformat(str(line["at"])).astimezone(HOME).date()
    kind = WHAT.get(str(line["kind"]), str(line["kind"]))
    what = f"{kind} {line['earlier_statement']}" if line["earlier_statement"] else kind
    dates = f"{day:%Y-%m-%d} {format_nepali(day) or ''}"
    amounts = [format_amount(line[name]) if line[name] else "" for name in AMOUNTS]
    return [dates, what, str(line["rental_code"] or ""), str(line["station_sn"] or "")[:18], *amounts]


def _sum_cells(what: str, sums: dict[str, int]) -> list[str]:
    return [what, "", "", "", *(format_amount(sums[name]) if name in sums else "" for name in AMOUNTS)]


def _join(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part)
