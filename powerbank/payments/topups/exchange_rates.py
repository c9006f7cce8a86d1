"""Exchange rates: they are kept for each day, and used for top-ups in foreign currencies."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.paging import page
from powerbank.base.db import db, open_session
from powerbank.base.errors import UnavailableError
from powerbank.integrations.nrb.client import Rate
from powerbank.payments.models import ExchangeRate

LOOK_BACK = timedelta(days=10)  # days that are asked for: rates of holidays are missing
STALE_AFTER = timedelta(days=3)


def newest_rate(currency: str) -> ExchangeRate:
    """Give the newest rate. It stays in use while the feed fails, and staff hear of it after `STALE_AFTER`."""
    found: ExchangeRate | None = db.session.scalar(
        select(ExchangeRate).where(ExchangeRate.currency == currency).order_by(ExchangeRate.day.desc()).limit(1)
    )
    if found is None:
        raise UnavailableError("rate_unavailable", "There is no exchange rate for this currency yet.", 300)
    return found


def newest_rates() -> Sequence[ExchangeRate]:
    last = select(func.max(ExchangeRate.day)).scalar_subquery()
    return db.session.scalars(
        select(ExchangeRate).where(ExchangeRate.day == last).order_by(ExchangeRate.currency)
    ).all()


def rate_page(*, currency: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Read a page of the rates of a currency, newest first; without one, the newest rates of all."""
    if currency is None:
        return {"items": list(newest_rates()), "next_cursor": None}
    query = select(ExchangeRate).where(ExchangeRate.currency == currency)
    return page(query, ExchangeRate.day, limit=limit, cursor=cursor, descending=True)


def convert_to_paisa(minor: int, rate: Decimal) -> int:
    """Convert the smallest units of a currency to paisa, rounded down."""
    return int((minor * rate).quantize(Decimal(1), ROUND_DOWN))


def store_rates(rates: Sequence[Rate]) -> None:
    """Store rates. A rate that the bank corrects replaces the one before; what was credited keeps its own."""
    if not rates:
        return
    rows = [{"currency": rate.currency, "day": rate.day, "buy": rate.buy, "sell": rate.sell} for rate in rates]
    statement = insert(ExchangeRate).values(rows)
    changed = {"buy": statement.excluded.buy, "sell": statement.excluded.sell, "fetched_at": func.now()}
    open_session().execute(statement.on_conflict_do_update(index_elements=["currency", "day"], set_=changed))


def rates_are_stale(today: date) -> bool:
    last = db.session.scalar(select(func.max(ExchangeRate.day)))
    return last is None or today - last >= STALE_AFTER
