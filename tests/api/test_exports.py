"""What is taken away as CSV is whole, however long, and runs nothing in a spreadsheet."""

import csv
import io

import pytest
from sqlalchemy import select

from powerbank.api import exports
from powerbank.base.db import transaction
from powerbank.promotions.models import Campaign


def test_all_of_many_batches_in_order_and_without_formulas(context: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 3)
    names = ["=1+1", "+1", "-1+1", "@x", "\ttab", "-1.50", 'a "quoted", name\nof two lines', "दशैं", "=HYPERLINK(1)", "i"]
    with transaction() as session:
        for name in names:
            session.add(Campaign(name=name))
            session.flush()
    lines = exports._lines(["name"], select(Campaign), Campaign.id, lambda campaign: [[campaign.name]])
    read = [row[0] for row in csv.reader(io.StringIO("".join(lines), newline=""))]
    assert read == ["name", "'=1+1", "'+1", "'-1+1", "'@x", "'\ttab", *names[5:8], "'=HYPERLINK(1)", "i"]
