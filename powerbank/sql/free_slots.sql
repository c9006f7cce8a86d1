-- The slots that may take a power bank. This is the only place where that rule stands.
CREATE OR REPLACE VIEW free_slots AS
SELECT station_id, number FROM slots WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL;
