-- The power banks that are fit to be handed out, promised or not, and the slots they are in. This is the only place
-- where that rule stands.
CREATE OR REPLACE VIEW fit_banks AS
SELECT slot.station_id, slot.number, slot.charge, bank.id AS bank_id
  FROM slots AS slot JOIN power_banks AS bank ON bank.serial = slot.bank_serial
 WHERE slot.works = 'ok' AND slot.held_because IS NULL
   AND bank.health = 'good' AND bank.quarantine_reason IS NULL AND bank.doubt IS NULL
   AND EXISTS (SELECT FROM custody AS here
                WHERE here.bank_id = bank.id AND upper_inf(here.period) AND here.place = 'slot'
                  AND here.station_id = slot.station_id AND here.slot_number = slot.number);
