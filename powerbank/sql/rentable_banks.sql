-- The power banks that may be handed out to anybody: those that are fit for it and promised to no rental and to no
-- reservation.
CREATE OR REPLACE VIEW rentable_banks AS
SELECT fit.station_id, fit.number, fit.charge, fit.bank_id FROM fit_banks AS fit
 WHERE NOT EXISTS (SELECT FROM bank_reservations AS promise WHERE promise.bank_id = fit.bank_id);
