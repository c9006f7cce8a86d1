-- Count the power banks and the free slots of stations anew and write their live rows. The counting is a statement of
-- its own after the lock: two transactions that change one station would otherwise each count what it sees alone.
-- Scans of whole tables are switched off, because PostgreSQL keeps the plan, and may have made it when there were few
-- rows.
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
