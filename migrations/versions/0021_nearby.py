"""The stations around a point, as a function: PostgreSQL keeps its plan, which took longer to make than to run.

It makes the same plan for every caller: the two indexed steps are right wherever somebody stands, and left to itself
the server would weigh them anew each time.

Revision: 0021
After: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Haversine. `least` keeps rounding from leaving the domain of asin at the antipode.
DISTANCE = """2 * 6371.0088 * asin(least(1, sqrt(
            sin(radians(l.lat - at_lat) / 2) ^ 2
            + cos(radians(at_lat)) * cos(radians(l.lat)) * sin(radians(l.lng - at_lng) / 2) ^ 2)))"""
WANTED = "l.active AND l.available_banks >= min_banks AND l.free_slots >= min_free_slots"

NEARBY = f"""
CREATE FUNCTION stations_nearby(at_lat float8, at_lng float8, radius_km float8, most integer, min_banks integer,
                                min_free_slots integer, by_user uuid)
RETURNS TABLE (sn text, name text, lat float8, lng float8, maintenance boolean, online boolean, hours text,
               timezone text, available_banks smallint, free_slots smallint, last_seen timestamptz, km float8,
               is_favorite boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $function$
DECLARE
    -- So many more are looked at first when not every station will do.
    few CONSTANT integer := most * CASE WHEN min_banks > 0 OR min_free_slots > 0 THEN 30 ELSE 3 END;
    -- Over the date line the box goes on at the other side of the map.
    turn CONSTANT float8 := CASE WHEN at_lng > 0 THEN -360 ELSE 360 END;
    reach float8;
    d_lat float8;
    d_lng float8;
    here box;
    beyond box;
BEGIN
    SELECT CASE WHEN count(*) = most THEN least(max(first.km), radius_km) ELSE radius_km END INTO reach
      FROM (SELECT {DISTANCE} AS km
              FROM (SELECT each.lat, each.lng, each.active, each.available_banks, each.free_slots
                      FROM station_live each WHERE each.active
                     ORDER BY point(each.lng, each.lat) <-> point(at_lng, at_lat) LIMIT few) l
             WHERE {WANTED} ORDER BY 1 LIMIT most) first;
    d_lat := degrees(reach / 6371.0088) + 1e-7;
    -- The widest longitude of a circle is not at its centre's latitude but nearer to the pole, hence the asin; a circle
    -- that holds a pole has all longitudes.
    d_lng := CASE WHEN abs(at_lat) + d_lat >= 90 THEN 180
                  ELSE degrees(asin(least(1, sin(reach / 6371.0088) / cos(radians(at_lat))))) + 1e-7 END;
    here := box(point(at_lng - d_lng, at_lat - d_lat), point(at_lng + d_lng, at_lat + d_lat));
    beyond := box(point(at_lng - d_lng + turn, at_lat - d_lat), point(at_lng + d_lng + turn, at_lat + d_lat));
    RETURN QUERY
        SELECT f.sn, f.name, f.lat, f.lng, f.maintenance, f.online, f.hours, f.timezone, f.available_banks,
               f.free_slots, f.last_seen, f.km,
               by_user IS NOT NULL AND EXISTS (
                   SELECT FROM favourite_stations v WHERE v.user_id = by_user AND v.station_id = f.station_id)
          FROM (SELECT l.*, {DISTANCE} AS km
                  FROM station_live l
                 WHERE {WANTED} AND (point(l.lng, l.lat) <@ here OR point(l.lng, l.lat) <@ beyond)) f
         WHERE f.km <= reach + 1e-9 AND f.km <= radius_km
         ORDER BY f.km, f.sn LIMIT most;
END
$function$
"""  # noqa: S608 (of our own words)


def upgrade() -> None:
    op.execute(NEARBY)


def downgrade() -> None:
    op.execute("DROP FUNCTION stations_nearby")
