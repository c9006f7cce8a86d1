-- Note when a station begins or ceases to have nothing to rent, or no free slot. The live row is locked by whoever
-- changes it, so the times of one station follow each other as the changes did.
CREATE OR REPLACE FUNCTION note_station_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.station_stock_changes AS noted (station_id, at, is_empty, is_full)
    VALUES (NEW.station_id, clock_timestamp(), NEW.available_banks = 0, NEW.free_slots = 0)
        ON CONFLICT (station_id, at) DO UPDATE SET is_empty = excluded.is_empty, is_full = excluded.is_full;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER note_first_station_stock AFTER INSERT ON station_live
    FOR EACH ROW EXECUTE FUNCTION note_station_stock();

CREATE OR REPLACE TRIGGER note_station_stock AFTER UPDATE OF available_banks, free_slots ON station_live
    FOR EACH ROW WHEN ((OLD.available_banks = 0) <> (NEW.available_banks = 0)
                       OR (OLD.free_slots = 0) <> (NEW.free_slots = 0))
    EXECUTE FUNCTION note_station_stock();
