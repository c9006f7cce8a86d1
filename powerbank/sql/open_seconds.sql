-- Count the seconds between two moments in which a station is open, by its hours of the week and its exceptions. A
-- station without hours is always open. An interval that ends before it begins goes on past midnight.
CREATE OR REPLACE FUNCTION open_seconds(hours jsonb, zone text, since timestamptz, until timestamptz) RETURNS numeric
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    day date;
    span jsonb;
    opens timestamptz;
    closes timestamptz;
    intervals jsonb;
    opened tstzmultirange := '{}';
    piece tstzrange;
    total numeric := 0;
BEGIN
    IF until <= since THEN
        RETURN 0;
    END IF;
    IF hours IS NULL OR jsonb_typeof(hours) <> 'object' THEN
        RETURN extract(epoch FROM until - since);
    END IF;
    day := (since AT TIME ZONE zone)::date - 1;
    WHILE day <= (until AT TIME ZONE zone)::date LOOP
        SELECT exception -> 'hours' INTO intervals
          FROM jsonb_array_elements(coalesce(hours -> 'exceptions', '[]')) AS exception
         WHERE exception ->> 'date' = day::text LIMIT 1;
        IF NOT FOUND THEN
            intervals := hours -> 'weekly' -> (ARRAY['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])[
                extract(isodow FROM day)::int];
        END IF;
        FOR span IN SELECT jsonb_array_elements(coalesce(intervals, '[]')) LOOP
            opens := (day + (span ->> 0)::interval) AT TIME ZONE zone;
            closes := (day + (span ->> 1)::interval
                       + CASE WHEN (span ->> 1)::interval <= (span ->> 0)::interval THEN interval '1 day'
                              ELSE interval '0' END) AT TIME ZONE zone;
            opened := opened + tstzmultirange(tstzrange(opens, closes));
        END LOOP;
        day := day + 1;
    END LOOP;
    FOR piece IN SELECT unnest(opened * tstzmultirange(tstzrange(since, until))) LOOP
        total := total + extract(epoch FROM upper(piece) - lower(piece));
    END LOOP;
    RETURN total;
END $$;
