-- Note each change of the status that the app shows of a station. Whoever changes a live row needs not think of it, and a
-- heartbeat that changes nothing but its time costs a comparison.
CREATE OR REPLACE FUNCTION note_station_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.station_status_changes AS noted (station_id, at, status)
    VALUES (NEW.station_id, clock_timestamp(),
            CASE WHEN NEW.maintenance THEN 'maintenance' WHEN NEW.online THEN 'online' ELSE 'offline' END)
        ON CONFLICT (station_id, at) DO UPDATE SET status = excluded.status;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_first_station_status AFTER INSERT ON station_live
    FOR EACH ROW EXECUTE FUNCTION note_station_status();

CREATE OR REPLACE TRIGGER note_station_status AFTER UPDATE OF online, maintenance ON station_live
    FOR EACH ROW WHEN (OLD.maintenance <> NEW.maintenance OR (NOT NEW.maintenance AND OLD.online <> NEW.online))
    EXECUTE FUNCTION note_station_status();
