"""Move power banks, promise them to rentals and reservations, and hold them back.

Whoever changes a bank locks its row first. The live row of its station comes last.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, text

from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError
from powerbank.outbox.enqueue import publish
from powerbank.stations import errors
from powerbank.stations.availability import live_rows
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import BankPromise, Place, PowerBank, Whereabouts
from powerbank.stations.events import PowerbankHeldBack

SHORTEST_STAY = timedelta(microseconds=1)
_PROMISE_BEST = text("SELECT * FROM promise_best_bank(:station_id, :rental_id, :min_battery, CAST(:without AS text[]))")
_HAND_OVER = text("""
    UPDATE bank_reservations AS promise SET rental_id = :new_holder
      FROM fit_banks AS fit JOIN power_banks AS bank ON bank.id = fit.bank_id
     WHERE promise.rental_id = :old_holder AND fit.bank_id = promise.bank_id AND fit.station_id = :station_id
    RETURNING promise.bank_id, bank.serial, fit.number AS slot_number
""")
# The new stay begins at the very moment at which the stay before it ends.
_MOVE = text("""
    WITH before AS (
        UPDATE custody SET period = tstzrange(lower(period), greatest(:at, lower(period) + interval '1 microsecond'))
         WHERE bank_id = :bank_id AND upper_inf(period)
           AND (place, station_id, slot_number, rental_id, holder)
               IS DISTINCT FROM (:place, CAST(:station_id AS uuid), CAST(:slot_number AS smallint),
                                 CAST(:rental_id AS uuid), CAST(:holder AS text))
           AND (CAST(:out_of AS uuid) IS NULL OR (place = 'slot' AND station_id = :out_of))
        RETURNING station_id, CASE WHEN place = 'crew' THEN holder END AS came_from, upper(period) AS ended
    )
    INSERT INTO custody (id, bank_id, place, station_id, slot_number, rental_id, holder, came_from, cause, period)
    SELECT :id, :bank_id, :place, :station_id, :slot_number, :rental_id, :holder, came_from, :cause,
           tstzrange(ended, NULL)
      FROM before
    RETURNING (SELECT station_id FROM before) AS station_id
""")


WRITTEN_OFF = "written off"  # the cause of a stay begins like this when staff have written the bank off


def move_bank(bank_id: UUID, to: Whereabouts, *, at: datetime, cause: str, out_of: UUID | None = None) -> bool:
    """Record that a bank is somewhere else now. False if it is there already, or if it was not `out_of` this station.

    A device's clock may be behind what is known. The new stay then begins a moment after the one before it.
    """
    open_session().execute(select(PowerBank.id).where(PowerBank.id == bank_id).with_for_update()).one()
    return move_locked_bank(bank_id, to, at=at, cause=cause, out_of=out_of)


def move_locked_bank(bank_id: UUID, to: Whereabouts, *, at: datetime, cause: str, out_of: UUID | None = None) -> bool:
    """Do what `move_bank` does, for a caller who has locked the bank."""
    session = open_session()
    session.flush()
    moved = session.execute(
        _MOVE,
        {
            "id": new_id(),
            "bank_id": bank_id,
            "place": to.place,
            "station_id": to.station_id,
            "slot_number": to.slot_number,
            "rental_id": to.rental_id,
            "holder": to.holder,
            "at": at,
            "cause": cause,
            "out_of": out_of,
        },
    ).one_or_none()
    if moved is None:
        return False
    live_rows.refresh_live_rows({each for each in (moved.station_id, to.station_id) if each is not None})
    return True


@dataclass(frozen=True)
class PromisedBank:
    """A bank that is promised, and the slot that it is in."""

    bank_id: UUID
    serial: str
    slot_number: int


def promise_best_bank(
    station_id: UUID, *, holder_id: UUID, min_battery: int, without: Collection[str] = ()
) -> PromisedBank:
    """Promise the best bank of a station to a rental or a reservation, but none of the serials `without`.

    If two of them race for the last bank, one gets it and the other is refused at once.
    """
    session = open_session()
    session.flush()
    wanted = {"station_id": station_id, "rental_id": holder_id, "min_battery": min_battery, "without": list(without)}
    row = session.execute(_PROMISE_BEST, wanted).one()
    if row.bank_id is None:
        raise errors.no_bank()
    return PromisedBank(row.bank_id, row.serial, row.slot_number)


def hand_over_promise(station_id: UUID, *, old_holder: UUID, new_holder: UUID) -> PromisedBank | None:
    """Give the promise of a bank to another holder. None where the bank cannot be handed out at this station any more.

    The bank is not free in between: nobody else can get it.
    """
    session = open_session()
    session.flush()
    row = session.execute(
        _HAND_OVER, {"station_id": station_id, "old_holder": old_holder, "new_holder": new_holder}
    ).one_or_none()
    return None if row is None else PromisedBank(row.bank_id, row.serial, row.slot_number)


def end_promise(holder_id: UUID, *, of_bank: UUID | None = None) -> None:
    """End the promise to a rental or a reservation, if it has one, and only if it is one of the bank `of_bank`."""
    ended = delete(BankPromise).where(BankPromise.holder_id == holder_id)
    if of_bank is not None:
        ended = ended.where(BankPromise.bank_id == of_bank)
    bank_id = open_session().scalar(ended.returning(BankPromise.bank_id))
    if bank_id is not None:
        _refresh_station_of(bank_id)


def mark_doubtful(bank_id: UUID, reason: str) -> None:
    """Hold a bank back because nobody knows whether it came out of its slot, until `clear_doubt`."""
    open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).doubt = reason
    _refresh_station_of(bank_id)


def clear_doubt(bank_id: UUID) -> None:
    """Hand a bank out again, because it is known where it is."""
    open_session().get_one(PowerBank, bank_id, with_for_update=True, populate_existing=True).doubt = None
    _refresh_station_of(bank_id)


def quarantine_bank(serial: str, *, reason: str, now: datetime) -> PowerBank:
    """Hold a bank back. It stays where it is until it is moved or found; in a warehouse it lies apart from then on."""
    bank = custody_queries.lock_bank(serial)
    bank.quarantine_reason = reason
    here = custody_queries.find_whereabouts(bank.id)
    if here.place is Place.WAREHOUSE:
        move_bank(bank.id, Whereabouts(Place.QUARANTINED, holder=here.holder), at=now, cause="quarantined")
    if here.place is Place.SLOT and here.station_id is not None:
        publish(PowerbankHeldBack(bank_id=bank.id, station_id=here.station_id))
    _refresh_station_of(bank.id)
    return bank


def release_bank(serial: str, *, now: datetime) -> PowerBank:
    """Take a bank back into the stock, out of quarantine and out of doubt."""
    bank = custody_queries.lock_bank(serial)
    if bank.quarantine_reason is None and bank.doubt is None:
        raise ConflictError("not_quarantined", "This power bank is not held back.")
    bank.quarantine_reason = bank.doubt = None
    here = custody_queries.find_whereabouts(bank.id)
    if here.place is Place.QUARANTINED:
        move_bank(bank.id, Whereabouts(Place.WAREHOUSE, holder=here.holder), at=now, cause="released")
    _refresh_station_of(bank.id)
    return bank


def _refresh_station_of(bank_id: UUID) -> None:
    open_session().flush()
    station_id = custody_queries.find_whereabouts(bank_id).station_id
    live_rows.refresh_live_rows([station_id] if station_id else [])
