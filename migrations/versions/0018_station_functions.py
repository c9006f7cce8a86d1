"""Create the views and functions that each start, each return and each search of stations asks.

Revision: 0018_station_functions
After: 0017_custody
"""

from alembic import op

revision = "0018_station_functions"
down_revision = "0017_custody"
branch_labels = None
depends_on = None

# `powerbank/sql/` has the current form of this code, and the reasons for it.
RENTABLE_BANKS = """
CREATE OR REPLACE VIEW rentable_banks AS
SELECT slot.station_id, slot.number, slot.charge, bank.id AS bank_id
  FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial
 WHERE slot.works = 'ok' AND slot.held_because IS NULL
   AND bank.health = 'good' AND bank.quarantine_reason IS NULL AND bank.doubt IS NULL
   AND NOT EXISTS (SELECT FROM bank_reservations AS promise WHERE promise.bank_id = bank.id)
   AND EXISTS (SELECT FROM custody AS here
                WHERE here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
                  AND here.station_id = slot.station_id AND here.slot_number = slot.number);
"""

FREE_SLOTS = """
CREATE OR REPLACE VIEW free_slots AS
SELECT station_id, number FROM slots WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL;
"""

REFRESH_STATION_LIVE = """
CREATE OR REPLACE FUNCTION refresh_station_live(station_ids uuid[], min_battery integer) RETURNS void
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    PERFORM FROM station_live WHERE station_id = ANY(station_ids) ORDER BY station_id FOR UPDATE;
    INSERT INTO station_live AS live (station_id, sn, name, lat, lng, active, maintenance, hours, timezone,
                                      available_banks, free_slots)
    SELECT s.id, s.sn, s.name, s.lat, s.lng, s.active, s.maintenance, s.opening_hours::text, s.timezone,
           CASE WHEN s.rent_enabled THEN (SELECT count(*) FROM rentable_banks AS bank
                                           WHERE bank.station_id = s.id AND bank.charge >= min_battery) ELSE 0 END,
           CASE WHEN s.return_enabled THEN (SELECT count(*) FROM free_slots AS slot
                                             WHERE slot.station_id = s.id) ELSE 0 END
      FROM stations AS s WHERE s.id = ANY(station_ids) ORDER BY s.id
        ON CONFLICT (station_id) DO UPDATE
       SET sn = excluded.sn, name = excluded.name, lat = excluded.lat, lng = excluded.lng, active = excluded.active,
           maintenance = excluded.maintenance, hours = excluded.hours, timezone = excluded.timezone,
           available_banks = excluded.available_banks, free_slots = excluded.free_slots, revision = live.revision + 1;
END
$$;
"""

PROMISE_BEST_BANK = """
CREATE OR REPLACE FUNCTION promise_best_bank(
    at_station uuid, to_rental uuid, min_battery integer, excluded_serials text[],
    OUT bank_id uuid, OUT serial text, OUT slot_number smallint)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    LOOP
        SELECT bank.id, bank.serial, best.number INTO bank_id, serial, slot_number
          FROM rentable_banks AS best JOIN power_banks AS bank ON bank.id = best.bank_id
         WHERE best.station_id = at_station AND best.charge >= min_battery AND bank.serial <> ALL (excluded_serials)
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
$$;
"""

SLOT_AGREEMENTS = """
CREATE OR REPLACE FUNCTION slot_agreements(at_station uuid, ejections_after timestamptz)
RETURNS TABLE (number smallint, works text, serial text, agrees boolean, banks_in_custody bigint, revision bigint)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    banks_in_custody CONSTANT bigint := (SELECT count(*) FROM custody
                                          WHERE station_id = at_station AND upper_inf(period));
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
                                              OR ejection.deadline > ejections_after))),
               banks_in_custody, revision
          FROM slots AS slot WHERE slot.station_id = at_station ORDER BY slot.number;
END
$$;
"""

STATIONS_NEARBY = """
CREATE OR REPLACE FUNCTION stations_nearby(
    at_lat float8, at_lng float8, radius_km float8, max_results integer, min_banks integer, min_free_slots integer,
    by_user uuid)
RETURNS TABLE (
    sn text, name text, lat float8, lng float8, maintenance boolean, online boolean, hours text, timezone text,
    available_banks smallint, free_slots smallint, last_seen timestamptz, km float8, is_favorite boolean)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_sort = off
AS $$
DECLARE
    -- How many of the nearest stations the first look takes: many more where some of them may not be suitable.
    candidates CONSTANT integer := max_results * CASE WHEN min_banks > 0 OR min_free_slots > 0 THEN 30 ELSE 3 END;
    -- A box that crosses the date line continues at the other side of the map.
    full_turn CONSTANT float8 := CASE WHEN at_lng > 0 THEN -360 ELSE 360 END;
    reach float8;
    d_lat float8;
    d_lng float8;
    here box;
    beyond box;
BEGIN
    SELECT CASE WHEN count(*) = max_results THEN least(max(first.km), radius_km) ELSE radius_km END INTO reach
      FROM (SELECT 2 * 6371.0088 * asin(least(1, sqrt(
                       sin(radians(l.lat - at_lat) / 2) ^ 2
                       + cos(radians(at_lat)) * cos(radians(l.lat)) * sin(radians(l.lng - at_lng) / 2) ^ 2))) AS km
              FROM (SELECT each.lat, each.lng, each.active, each.available_banks, each.free_slots
                      FROM station_live each WHERE each.active
                     ORDER BY point(each.lng, each.lat) <-> point(at_lng, at_lat) LIMIT candidates) l
             WHERE l.active AND l.available_banks >= min_banks AND l.free_slots >= min_free_slots
             ORDER BY 1 LIMIT max_results) first;
    d_lat := degrees(reach / 6371.0088) + 1e-7;
    -- A circle is widest not at the latitude of its centre but nearer to the pole, hence the asin. A circle that
    -- contains a pole covers all longitudes.
    d_lng := CASE WHEN abs(at_lat) + d_lat >= 90 THEN 180
                  ELSE degrees(asin(least(1, sin(reach / 6371.0088) / cos(radians(at_lat))))) + 1e-7 END;
    here := box(point(at_lng - d_lng, at_lat - d_lat), point(at_lng + d_lng, at_lat + d_lat));
    beyond := box(point(at_lng - d_lng + full_turn, at_lat - d_lat), point(at_lng + d_lng + full_turn, at_lat + d_lat));
    RETURN QUERY
        SELECT f.sn, f.name, f.lat, f.lng, f.maintenance, f.online, f.hours, f.timezone, f.available_banks,
               f.free_slots, f.last_seen, f.km,
               by_user IS NOT NULL AND EXISTS (
                   SELECT FROM favourite_stations v WHERE v.user_id = by_user AND v.station_id = f.station_id)
          FROM (SELECT l.*, 2 * 6371.0088 * asin(least(1, sqrt(
                           sin(radians(l.lat - at_lat) / 2) ^ 2
                           + cos(radians(at_lat)) * cos(radians(l.lat)) * sin(radians(l.lng - at_lng) / 2) ^ 2))) AS km
                  FROM (SELECT a.* FROM station_live a WHERE a.active AND point(a.lng, a.lat) <@ here
                        UNION ALL
                        SELECT b.* FROM station_live b WHERE b.active AND point(b.lng, b.lat) <@ beyond
                                                         AND NOT point(b.lng, b.lat) <@ here) l
                 WHERE l.active AND l.available_banks >= min_banks AND l.free_slots >= min_free_slots) f
         WHERE f.km <= reach + 1e-9 AND f.km <= radius_km
         ORDER BY f.km, f.sn LIMIT max_results;
END
$$;
"""


def upgrade() -> None:
    op.execute(RENTABLE_BANKS)
    op.execute(FREE_SLOTS)
    op.execute(REFRESH_STATION_LIVE)
    op.execute(PROMISE_BEST_BANK)
    op.execute(SLOT_AGREEMENTS)
    op.execute(STATIONS_NEARBY)


def downgrade() -> None:
    op.execute("DROP VIEW free_slots")
    op.execute("DROP VIEW rentable_banks")
    op.execute("DROP FUNCTION stations_nearby")
    op.execute("DROP FUNCTION slot_agreements")
    op.execute("DROP FUNCTION promise_best_bank")
    op.execute("DROP FUNCTION refresh_station_live")
