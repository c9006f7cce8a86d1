"""Papers: Devanagari is joined, plain letters can be read back, and days stand in both calendars."""

from datetime import date
from io import BytesIO

import pytest
from reportlab.pdfbase.ttfonts import shapeStr
from reportlab.pdfgen.canvas import Canvas

from powerbank.papers import calendars, lettering
from powerbank.papers.paper import LEFT, RIGHT, Column, Letterhead, Paper
from tests.papers.reading import read_pages

HEAD = Letterhead("Himal (Power)", "Kathmandu", "301234567", "a@example.com")
COLUMNS = (Column("What", "विवरण", LEFT), Column("Amount", "रकम", RIGHT, right=True))


class TestWhatWeLeanOn:
    """ReportLab 5.1 with uharfbuzz."""

    def test_a_run_of_devanagari_is_shaped_and_a_mixed_text_is_not(self) -> None:
        lettering.register_fonts()
        assert shapeStr("विवरण", lettering.PLAIN, 9) != "विवरण"
        assert str(shapeStr("A विवरण", lettering.PLAIN, 9)) == "A विवरण", "so texts are divided into runs"

    def test_the_first_subset_of_a_font_holds_plain_letters_as_they_are(self) -> None:
        lettering.register_fonts()
        file = BytesIO()
        canvas = Canvas(file, invariant=1)
        canvas.setFont(lettering.PLAIN, 9)
        canvas.drawString(10, 10, "Az09-.,()")
        canvas.showPage()
        canvas.save()
        assert read_pages(file.getvalue()) == [["Az09-.,()"]]


def test_a_paper_has_letterhead_title_rows_and_the_number_of_each_page() -> None:
    paper = Paper(HEAD, title=("Statement", "विवरण"), number="S1", pages=2)
    paper.heading(COLUMNS)
    paper.row(COLUMNS, ("A (b) \\ c", "-12.50"))
    paper.row(COLUMNS, ("कार्यक्रम", "1.00"))
    paper.begin_page()
    made = paper.finish()
    first, second = read_pages(made)
    assert {"Himal (Power)", "PAN 301234567", "S1", "A (b) \\ c", "-12.50", "1.00"} <= set(first)
    assert [each for each in first if each.endswith("1 / 2")]
    assert [each for each in second if each.endswith("2 / 2")]
    assert made.startswith(b"%PDF-")


def test_a_paper_with_another_number_of_pages_than_it_says_is_refused() -> None:
    with pytest.raises(ValueError, match="1 pages instead of 2"):
        Paper(HEAD, title=("Statement", "विवरण"), number="S1", pages=2).finish()


@pytest.mark.parametrize(
    ("day", "both"),
    [
        (date(2026, 11, 30), "2026-11-30 (BS 2083-08-14)"),
        (date(2023, 4, 14), "2023-04-14 (BS 2080-01-01)"),
        (date(1800, 1, 1), "1800-01-01"),
    ],
)
def test_days_stand_in_both_calendars(day: date, both: str) -> None:
    assert calendars.format_both(day) == both
