-- Find the stations around a point, the nearest first. This is a function because PostgreSQL keeps its plan, which
-- took longer to make than to run. The plan is the same for every caller: the two steps that use the index are right
-- wherever the caller stands. Scans and sorts of the whole table are switched off, because the plan may have been made
-- when there were few stations; the few stations that are found are sorted all the same. Distances are by the
-- haversine formula; `least` keeps a rounding error at opposite points of the globe inside the domain of asin.
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
