"""The terms of an agreement as a paper for both sides to keep."""

from collections.abc import Sequence

from flask import Response

from powerbank.base.clock import HOME
from powerbank.base.money import NPR, format_amount
from powerbank.content.letterheads import current_letterhead
from powerbank.papers.calendars import format_both
from powerbank.papers.paper import LEFT, RIGHT, Column, Paper
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.services import list_stations, terms_of
from powerbank.partners.agreements.terms import Terms, TermsKind
from powerbank.partners.models import Agreement, Partner

STATIONS = (
    Column("Station", "स्टेशन", LEFT),
    Column("Name", "नाम", LEFT + 110),
    Column("Address", "ठेगाना", LEFT + 290),
)
ON_FIRST_PAGE, ON_PAGE = 14, 48
SIGNING = 7  # rows that the signatures need
RULES = (
    "The share of a rental belongs to the station that the power bank was rented from, by the agreement in force on the"
    " day on which the rental began, for all that the rental ever earns or gives back.",
    "What is refunded later is taken from whoever earned it. Tax is taken out of prices first where the network is"
    " registered for VAT, and withheld tax is kept back from the share, as named above.",
    "This agreement is not changed. It ends on its last day; other terms are another agreement.",
)


def answer_pdf(agreement: Agreement, partner: Partner, franchise: Partner | None) -> Response:
    response = Response(make_pdf(agreement, partner, franchise), content_type="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="agreement-{_number(agreement)}.pdf"'
    return response


def make_pdf(agreement: Agreement, partner: Partner, franchise: Partner | None) -> bytes:
    stations = list_stations(agreement.id)
    after_first = max(0, len(stations) - ON_FIRST_PAGE)
    pages = 1 + -(-after_first // ON_PAGE)
    on_last = after_first - (pages - 2) * ON_PAGE if pages > 1 else len(stations)
    needs_page = (ON_PAGE if pages > 1 else ON_FIRST_PAGE) - on_last < (SIGNING if pages > 1 else 0)
    paper = Paper(
        current_letterhead(),
        title=("Agreement", "सम्झौता"),
        number=_number(agreement),
        pages=pages + needs_page,
    )
    paper.facts(_facts(agreement, partner, franchise))
    for rule in RULES:
        paper.paragraph(rule)
    paper.heading(STATIONS)
    left = ON_FIRST_PAGE
    for sn, name, address in stations:
        if left == 0:
            paper.begin_page()
            paper.heading(STATIONS)
            left = ON_PAGE
        paper.row(STATIONS, (sn[:24], name[:40], address[:45]))
        left -= 1
    if needs_page:
        paper.begin_page()
    _signatures(paper, partner)
    return paper.finish()


def describe_terms(terms: Terms) -> list[tuple[str, str, str]]:
    """Say what terms give, a line each, with its name in both languages."""
    rows: list[tuple[str, str, str]] = []
    if terms.kind is TermsKind.SHARE:
        rows.append(("Share of the revenue", "आम्दानीको हिस्सा", _percent(terms.tiers[0].percent)))
    for tier in terms.tiers if terms.kind is TermsKind.TIERS else ():
        share = f"{_percent(tier.percent)} of the month's revenue from {NPR} {format_amount(tier.begins)} on"
        rows.append(("Share", "हिस्सा", share))
    if terms.rent:
        rows.append(("Rent a month", "मासिक भाडा", f"{NPR} {format_amount(terms.rent)}"))
    if terms.minimum:
        rows.append(("At least a month", "मासिक न्यूनतम", f"{NPR} {format_amount(terms.minimum)}"))
    if terms.franchise_percent:
        rows.append(("Share of the franchise", "फ्रेन्चाइजको हिस्सा", _percent(terms.franchise_percent)))
    rows.append(("VAT taken out first", "भ्याट", _percent(terms.vat_percent) if terms.vat_percent else "none"))
    withheld = _percent(terms.withheld_percent) if terms.withheld_percent else "none"
    rows.append(("Tax withheld from the share", "कर कट्टी", withheld))
    return rows


def _facts(agreement: Agreement, partner: Partner, franchise: Partner | None) -> Sequence[tuple[str, str, str]]:
    made = agreement.created_at.astimezone(HOME)
    rows = [
        ("Partner", "साझेदार", partner.name),
        ("Address", "ठेगाना", partner.contact.get("address") or ""),
        ("PAN", "प्यान", partner.pan or ""),
        ("Franchise", "फ्रेन्चाइज", franchise.name if franchise else ""),
        ("From", "देखि", format_both(agreement.starts_on)),
        ("To", "सम्म", format_both(agreement.ends_on) if agreement.ends_on else "until it is ended · अन्त्य नभएसम्म"),
        *describe_terms(terms_of(agreement)),
        ("Made on", "बनाइएको मिति", f"{format_both(made.date())} {made:%H:%M}"),
    ]
    return [row for row in rows if row[2]]


def _signatures(paper: Paper, partner: Partner) -> None:
    paper.y -= 44
    for x, name in ((LEFT, current_letterhead().name), (LEFT + 290, partner.name)):
        paper.write(x, paper.y + 12, "." * 60, grey=0.38)
        paper.write(x, paper.y, name[:44], size=8)
    paper.write(RIGHT, paper.y - 14, "Signatures · हस्ताक्षर", size=7, grey=0.38, right=True)


def _number(agreement: Agreement) -> str:
    return f"A-{agreement.id.hex[-10:].upper()}"


def _percent(percent: int) -> str:
    return f"{rules.format_percent(percent)} %"
