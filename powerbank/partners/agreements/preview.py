"""What terms would have paid for a month that is over, before anybody signs them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, text

from powerbank.base.db import db, first_id_of
from powerbank.base.errors import InvalidFieldsError
from powerbank.base.money import NPR
from powerbank.partners import queries
from powerbank.partners.agreements import services as agreements
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import Earned
from powerbank.stations.models import Station

# What each rental of some stations earned that began in a month, in the order in which they began.
_RENTALS = text("""
    SELECT rental.id, CAST(sum(moved.amount) AS bigint) AS amount
      FROM rentals AS rental
     CROSS JOIN LATERAL (
           SELECT id, kind FROM ledger_entries
            WHERE reference_kind = 'rental' AND reference_id = CAST(rental.id AS text)
            UNION ALL
           SELECT refund.id, refund.kind
             FROM wallet_transactions AS paid
             JOIN ledger_entries AS refund
               ON refund.reference_kind = 'transaction' AND refund.reference_id = CAST(paid.id AS text)
            WHERE paid.reference_kind = 'rental' AND paid.reference_id = CAST(rental.id AS text)) AS entry
      JOIN revenue_movements AS moved ON moved.entry_id = entry.id
     WHERE rental.station_id = ANY(CAST(:stations AS uuid[])) AND rental.id >= :begin AND rental.id < :end
     GROUP BY rental.id ORDER BY rental.id
""")


def preview_terms(
    *, station_sns: Sequence[str], terms: dict[str, Any], month: date | None, today: date
) -> dict[str, Any]:
    """Say what a partner would have got for the rentals of a month at these stations; the last one unless said."""
    first = (month or today.replace(day=1) - timedelta(days=1)).replace(day=1)
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    if after > today:
        raise InvalidFieldsError({"month": ["This month is not over."]})
    agreed = agreements.complete_terms(terms)
    read = rules.read_terms(agreed, **agreements.taxes_of_today(agreed))
    found = db.session.execute(select(Station.sn, Station.id).where(Station.sn.in_(station_sns)))
    stations = {row.sn: row.id for row in found}
    if missing := sorted(set(station_sns) - stations.keys()):
        raise InvalidFieldsError({"station_sns": [f"There is no station {sn}." for sn in missing]})
    window = {
        "stations": [str(each) for each in stations.values()],
        "begin": first_id_of(queries.begin_of_day(first)),
        "end": first_id_of(queries.begin_of_day(after)),
    }
    rentals = db.session.execute(_RENTALS, window).all()
    earned = [Earned()]
    net = 0
    for row in rentals:
        one = rules.add_movement(read, Earned(), row.amount, month_before=net)
        net += one.net
        earned.append(one)
    share = sum(each.venue for each in earned)
    rent = read.rent
    guarantee = max(0, read.minimum - rent - share)
    withheld = sum(each.venue_withheld for each in earned)
    withheld += rules.withheld_of(rent, read) + rules.withheld_of(guarantee, read)
    return {
        "month": first,
        "rentals": len(rentals),
        "gross": sum(each.gross for each in earned),
        "tax": sum(each.vat for each in earned),
        "share": share,
        "franchise_share": sum(each.franchise for each in earned),
        "guarantee": guarantee,
        "rent": rent,
        "withheld": withheld,
        "payable": share + guarantee + rent - withheld,
        "currency": NPR,
    }
