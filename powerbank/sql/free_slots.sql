-- The slots that may take anybody's power bank. This is the only place where that rule stands. A slot that is kept for
-- a person whose return was blocked elsewhere is not among them.
CREATE OR REPLACE VIEW free_slots AS
SELECT station_id, number FROM slots
 WHERE works = 'ok' AND held_because IS NULL AND bank_serial IS NULL
   AND NOT EXISTS (SELECT FROM kept_slots AS kept
                    WHERE kept.station_id = slots.station_id AND kept.slot_number = slots.number);
