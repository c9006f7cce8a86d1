"""Whether the database and a station's own words tell the same of every slot.

A bank went out or came back, and the station said so. Where nothing else is open, the next snapshot is known before it
comes: one that shows just this needs no closer look.
"""

from datetime import datetime

from sqlalchemy import text

from powerbank.db import open_session
from powerbank.stations.command_models import StationState
from powerbank.stations.messages import contents_of
from powerbank.stations.protocols.events import Order, Seen, SlotReport, Snapshot, Works

# Of a bank and its custody in a slot: free of doubt, and no ejection of it is without an end.
NOTHING_TO_FIND_OUT = """
    bank.doubt IS NULL
    AND NOT EXISTS (SELECT FROM discrepancies AS open WHERE open.serial = bank.serial AND open.resolved_at IS NULL)
    AND NOT EXISTS (SELECT FROM station_commands AS ejection
                     WHERE ejection.serial = bank.serial AND ejection.command = 'eject_powerbank'
                       AND ejection.status <> 'succeeded'
                       AND (ejection.finished_at IS NULL OR ejection.status = 'unknown' OR ejection.deadline > :late))
"""
_SLOTS = text(f"""
    SELECT slot.number, slot.works, slot.bank_serial AS serial,
           slot.bank_serial IS NULL OR EXISTS (
               SELECT FROM power_banks AS bank JOIN custody AS here ON here.bank_id = bank.id AND upper_inf(here.period)
                WHERE bank.serial = slot.bank_serial AND here.place = 'slot' AND here.station_id = slot.station_id
                  AND here.slot_number = slot.number AND {NOTHING_TO_FIND_OUT}
           ) AS in_order,
           (SELECT count(*) FROM custody WHERE station_id = :station_id AND upper_inf(period)) AS kept,
           live.revision
      FROM slots AS slot JOIN station_live AS live USING (station_id)
     WHERE slot.station_id = :station_id ORDER BY slot.number
""")  # noqa: S608 (all of it is written here)


def expect(state: StationState, *, late: datetime, at: datetime) -> None:
    """Notes what the next snapshot shows if nothing else happens; leaves it to a closer look where something is open.

    `late`: an ejection whose deadline passed before then explains nothing any more.
    """
    rows = open_session().execute(_SLOTS, {"station_id": state.station_id, "late": late}).all()
    held = sum(row.serial is not None for row in rows)
    state.contents = None
    if rows and all(row.in_order and row.kept == held for row in rows):
        slots = [
            SlotReport(row.number, Works(row.works), Seen.EMPTY if row.serial is None else Seen.BANK, row.serial)
            for row in rows
        ]
        state.contents = contents_of(Snapshot(Order(at), tuple(slots), complete=True))
        state.revision = rows[0].revision
