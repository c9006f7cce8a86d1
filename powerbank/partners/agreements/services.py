"""Agreements: they are made, ended, and never edited. Whoever wants other terms ends one and makes the next."""

import calendar
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from powerbank.base.clock import HOME, local_day
from powerbank.base.database_errors import refusing_on
from powerbank.base.db import db, new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.content import app_config
from powerbank.outbox.enqueue import publish
from powerbank.partners import mails, services
from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import ALL, Terms, TermsKind
from powerbank.partners.errors import AgreementOverlapsError
from powerbank.partners.events import AgreementEnds
from powerbank.partners.models import OPEN_END, Agreement, AgreementStation, MailKind, Partner
from powerbank.stations.models import Station

ENDS_SOON = timedelta(days=30)
BATCH = 500


def make_agreement(
    partner_id: UUID,
    *,
    starts_on: date,
    ends_on: date | None,
    station_sns: Sequence[str],
    terms: dict[str, Any],
    by: str,
) -> Agreement:
    """Make an agreement of a partner for some stations. A day of a station belongs to one agreement only."""
    session = open_session()
    partner = services.lock_partner(partner_id)
    last_day = ends_on or OPEN_END
    if last_day < starts_on:
        raise InvalidFieldsError({"ends_on": ["Must not be before it starts."]})
    agreed = complete_terms(terms)
    taxes = taxes_of_today(agreed)
    read = rules.read_terms(agreed, **taxes)
    _refuse_wrong_terms(read, partner)
    stations = _find_stations(station_sns)
    agreement = Agreement(
        id=new_id(),
        partner_id=partner_id,
        franchise_id=partner.parent_id if read.franchise_percent else None,
        starts_on=starts_on,
        last_day=last_day,
        terms=agreed,
        made_by=by,
        **taxes,
    )
    session.add(agreement)
    session.flush()
    # Within a savepoint, so that a form that is refused can still be shown again.
    with refusing_on({"ex_partner_agreement_stations_one": AgreementOverlapsError()}), session.begin_nested():
        session.add_all(
            AgreementStation(agreement_id=agreement.id, station_id=station.id, starts_on=starts_on, last_day=last_day)
            for station in stations
        )
        session.flush()
    without = [station.id for station in stations if station.partner_id is None]
    session.execute(update(Station).where(Station.id.in_(without)).values(partner_id=partner_id))
    session.refresh(agreement)
    return agreement


def end_agreement(partner_id: UUID, agreement_id: UUID, *, ends_on: date, now: datetime) -> Agreement:
    """End an agreement with a day that has not passed yet, so that nothing which was earned under it changes hands."""
    agreement = lock_agreement(agreement_id)
    if agreement.partner_id != partner_id:
        raise NotFoundError("agreement")
    today = local_day(now)
    if ends_on < today - timedelta(days=1):
        raise InvalidFieldsError({"ends_on": ["Must not lie in the past; yesterday is the earliest."]})
    if not agreement.starts_on <= ends_on < agreement.last_day:
        raise ConflictError("agreement_ends_before", "It can only end earlier than it does, and not before it starts.")
    agreement.last_day = ends_on
    open_session().flush()
    return agreement


def find_ending(after: UUID, *, today: date) -> list[UUID]:
    """Find the next agreements that end within a month."""
    query = (
        select(Agreement.id)
        .where(Agreement.id > after, Agreement.last_day.between(today, today + ENDS_SOON))
        .order_by(Agreement.id)
        .limit(BATCH)
    )
    return list(db.session.scalars(query))


def tell_of_end(agreement_ids: Sequence[UUID]) -> None:
    """Tell staff and the partner that these agreements end. A notice that they have had is not written again."""
    query = select(Agreement, Partner.name).join(Partner, Partner.id == Agreement.partner_id)
    for agreement, name in open_session().execute(query.where(Agreement.id.in_(agreement_ids))):
        publish(
            AgreementEnds(
                agreement_id=agreement.id,
                payee=name,
                expires_at=datetime.combine(agreement.last_day, time(), tzinfo=HOME),
                version=f"{agreement.id}:{agreement.last_day}",
            )
        )
        version = f"{agreement.id}:{agreement.last_day}"
        mails.queue_mail(agreement.partner_id, MailKind.AGREEMENT_ENDS, about=agreement.id, version=version)


def find_agreement(partner_id: UUID, agreement_id: UUID) -> Agreement:
    """Find an agreement in which a partner has a part."""
    found = db.session.get(Agreement, agreement_id)
    if found is None or partner_id not in (found.partner_id, found.franchise_id):
        raise NotFoundError("agreement")
    return found


def find_parties(agreement: Agreement) -> tuple[Partner, Partner | None]:
    """Find the venue of an agreement, and its franchise if that has a part."""
    franchise = db.session.get_one(Partner, agreement.franchise_id) if agreement.franchise_id else None
    return db.session.get_one(Partner, agreement.partner_id), franchise


def list_stations(agreement_id: UUID) -> list[tuple[str, str, str]]:
    """List number, name and address of the stations of an agreement."""
    query = (
        select(Station.sn, Station.name, Station.address)
        .join(AgreementStation, AgreementStation.station_id == Station.id)
        .where(AgreementStation.agreement_id == agreement_id)
        .order_by(Station.sn)
    )
    return [(row.sn, row.name, row.address) for row in db.session.execute(query)]


def lock_agreement(agreement_id: UUID) -> Agreement:
    agreement = open_session().get(Agreement, agreement_id, with_for_update=True, populate_existing=True)
    if agreement is None:
        raise NotFoundError("agreement")
    return agreement


def complete_terms(terms: dict[str, Any]) -> dict[str, Any]:
    """Write the terms as they are kept: with the network's share where they say none, and nothing that is empty."""
    agreed = {name: value for name, value in terms.items() if value is not None}
    if agreed["kind"] == TermsKind.SHARE:
        agreed.setdefault("percent", rules.format_percent(app_config.current().partner_share_percent * 100))
    return agreed


def taxes_of_today(terms: dict[str, Any]) -> dict[str, int]:
    """Return the taxes that an agreement of today has, in hundredths of a percent. Terms may name their own."""
    config = app_config.current()
    withheld = terms.get("withheld_tax_percent")
    return {
        "vat_percent": config.vat_percent * 100 if config.network_vat_registered else 0,
        "withheld_percent": config.withheld_tax_percent * 100 if withheld is None else rules.parse_percent(withheld),
    }


def terms_of(agreement: Agreement) -> Terms:
    return rules.read_terms(
        agreement.terms, vat_percent=agreement.vat_percent, withheld_percent=agreement.withheld_percent
    )


def days_in_force(agreement: Agreement, month: date) -> int:
    """Count the days of a month, which is named by its first day, on which an agreement is in force."""
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    return max(0, (min(last, agreement.last_day) - max(month, agreement.starts_on)).days + 1)


def _refuse_wrong_terms(read: Terms, partner: Partner) -> None:
    if read.most_percent > ALL:
        raise InvalidFieldsError({"terms.percent": ["Venue and franchise together get at most 100 percent."]})
    if read.franchise_percent and partner.parent_id is None:
        raise InvalidFieldsError({"terms.franchise_percent": ["This partner belongs to no franchise."]})
    if read.tiers and (
        read.tiers[0].begins != 0 or any(a.begins >= b.begins for a, b in zip(read.tiers, read.tiers[1:], strict=False))
    ):
        raise InvalidFieldsError({"terms.tiers": ["The first begins at 0.00, and each later one higher."]})


def _find_stations(sns: Sequence[str]) -> list[Station]:
    found = {
        station.sn: station
        for station in open_session().scalars(
            select(Station).where(Station.sn.in_(sns)).order_by(Station.id).with_for_update(of=Station)
        )
    }
    if missing := sorted(set(sns) - found.keys()):
        raise InvalidFieldsError({"station_sns": [f"There is no station {sn}." for sn in missing]})
    return list(found.values())
