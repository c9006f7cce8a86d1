"""Which banks may be handed out, as a view; the live row of a station, the promise of its best bank, and whether its
slots are as the database has them, as functions: PostgreSQL keeps their plans, which took longer to make than to run,
and each is one round trip.

All that they look for is found by its key. Whole scans and joins of whole tables are held off, for a plan may have been
made when there were few rows.

Revision: 0024
After: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

RENTABLE = """
CREATE VIEW rentable_banks AS
SELECT slot.station_id, slot.number, slot.charge, bank.id AS bank_id
  FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial
 WHERE slot.works = 'ok' AND slot.held_because IS NULL
   AND bank.health = 'good' AND bank.quarantine_reason IS NULL AND bank.doubt IS NULL
   AND NOT EXISTS (SELECT FROM bank_reservations AS promise WHERE promise.bank_id = bank.id)
   AND EXISTS (SELECT FROM custody AS here
                WHERE here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
                  AND here.station_id = slot.station_id AND here.slot_number = slot.number)
"""
FREE = """
CREATE VIEW free_slots AS
SELECT station_id, number FROM slots WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL
"""
BY_KEYS = "SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off"

# Counted after the lock, in a statement of its own: two that change a station at once would otherwise write what each
# saw of it alone.
REFRESH = f"""
CREATE FUNCTION refresh_station_live(these uuid[], min_battery integer) RETURNS void
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan {BY_KEYS} AS $$
BEGIN
    PERFORM FROM station_live WHERE station_id = ANY(these) ORDER BY station_id FOR UPDATE;
    INSERT INTO station_live AS live (station_id, sn, name, lat, lng, active, maintenance, hours, timezone,
                                      available_banks, free_slots)
    SELECT s.id, s.sn, s.name, s.lat, s.lng, s.active, s.maintenance, s.opening_hours::text, s.timezone,
           CASE WHEN s.rent_enabled THEN (SELECT count(*) FROM rentable_banks AS bank
                                           WHERE bank.station_id = s.id AND bank.charge >= min_battery) ELSE 0 END,
           CASE WHEN s.return_enabled THEN (SELECT count(*) FROM free_slots AS slot
                                             WHERE slot.station_id = s.id) ELSE 0 END
      FROM stations AS s WHERE s.id = ANY(these) ORDER BY s.id
        ON CONFLICT (station_id) DO UPDATE
       SET sn = excluded.sn, name = excluded.name, lat = excluded.lat, lng = excluded.lng, active = excluded.active,
           maintenance = excluded.maintenance, hours = excluded.hours, timezone = excluded.timezone,
           available_banks = excluded.available_banks, free_slots = excluded.free_slots, revision = live.revision + 1;
END
$$
"""  # noqa: S608 (of our own words)

# The highest charge, then the fewest cycles. Banks that others are looking at are passed over, so that two people at
# one station do not wait for each other. One that was promised or held back between the look and the lock is not there
# any more when it is written down, nor in the next look.
PROMISE = f"""
CREATE FUNCTION promise_best_bank(at_station uuid, to_rental uuid, min_battery integer, not_these text[],
                                  OUT bank_id uuid, OUT serial text, OUT slot_number smallint)
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan {BY_KEYS} AS $$
BEGIN
    LOOP
        SELECT bank.id, bank.serial, best.number INTO bank_id, serial, slot_number
          FROM rentable_banks AS best JOIN power_banks AS bank ON bank.id = best.bank_id
         WHERE best.station_id = at_station AND best.charge >= min_battery AND bank.serial <> ALL (not_these)
         ORDER BY best.charge DESC, bank.cycles, best.number LIMIT 1
           FOR UPDATE OF bank SKIP LOCKED;
        EXIT WHEN NOT FOUND;
        INSERT INTO bank_reservations (bank_id, rental_id)
        SELECT best.bank_id, to_rental FROM rentable_banks AS best
         WHERE best.bank_id = promise_best_bank.bank_id AND best.station_id = at_station
            ON CONFLICT ON CONSTRAINT pk_bank_reservations DO NOTHING;
        IF FOUND THEN
            PERFORM refresh_station_live(ARRAY[at_station], min_battery);
            EXIT;
        END IF;
    END LOOP;
END
$$
"""  # noqa: S608 (of our own words)

# In order: the bank that a slot shows is where it should be, free of doubt, and no ejection of it is without an end.
# One that ended before `late` explains nothing any more. `kept`: banks that the database has at this station.
IN_ORDER = f"""
CREATE FUNCTION slots_in_order(at_station uuid, late timestamptz)
RETURNS TABLE (number smallint, works text, serial text, in_order boolean, kept bigint, revision bigint)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan {BY_KEYS} AS $$
DECLARE
    kept CONSTANT bigint := (SELECT count(*) FROM custody WHERE station_id = at_station AND upper_inf(period));
    revision CONSTANT bigint := (SELECT live.revision FROM station_live AS live WHERE station_id = at_station);
BEGIN
    RETURN QUERY
        SELECT slot.number, slot.works, slot.bank_serial,
               slot.bank_serial IS NULL OR EXISTS (
                   SELECT FROM power_banks AS bank
                     JOIN custody AS here ON here.bank_id = bank.id AND upper_inf(here.period)
                    WHERE bank.serial = slot.bank_serial AND here.place = 'slot' AND here.station_id = slot.station_id
                      AND here.slot_number = slot.number AND bank.doubt IS NULL
                      AND NOT EXISTS (SELECT FROM discrepancies AS open
                                       WHERE open.serial = bank.serial AND open.resolved_at IS NULL)
                      AND NOT EXISTS (SELECT FROM station_commands AS ejection
                                       WHERE ejection.serial = bank.serial AND ejection.command = 'eject_powerbank'
                                         AND ejection.status <> 'succeeded'
                                         AND (ejection.finished_at IS NULL OR ejection.status = 'unknown'
                                              OR ejection.deadline > late))),
               kept, revision
          FROM slots AS slot WHERE slot.station_id = at_station ORDER BY slot.number;
END
$$
"""  # noqa: S608 (of our own words)


def upgrade() -> None:
    for statement in (RENTABLE, FREE, REFRESH, PROMISE, IN_ORDER):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP FUNCTION slots_in_order, promise_best_bank, refresh_station_live")
    op.execute("DROP VIEW rentable_banks, free_slots")
