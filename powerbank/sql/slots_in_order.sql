-- List the slots of a station, each with whether it is in order. A slot is in order if it is empty, or if the power bank
-- that it shows is there by custody too, nobody doubts where that power bank is, no discrepancy about it is open, and no
-- ejection of it is under way, of unknown result, or failed with a deadline after `late`. `kept` is the number of power
-- banks that custody has at the station, and `revision` that of the station's live row. Scans of whole tables are
-- switched off, because PostgreSQL keeps the plan, and may have made it when there were few rows.
CREATE OR REPLACE FUNCTION slots_in_order(at_station uuid, late timestamptz)
RETURNS TABLE (number smallint, works text, serial text, in_order boolean, kept bigint, revision bigint)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    kept CONSTANT bigint := (SELECT count(*) FROM custody WHERE station_id = at_station AND upper_inf(period));
    revision CONSTANT bigint := (SELECT live.revision FROM station_live AS live WHERE station_id = at_station);
BEGIN
    RETURN QUERY
        SELECT slot.number, slot.works, slot.bank_serial,
               slot.bank_serial IS NULL OR EXISTS (
                   SELECT FROM power_banks AS bank
                     JOIN custody AS here ON here.bank_id = bank.id AND upper_inf(here.period)
                    WHERE bank.serial = slot.bank_serial AND here.place = 'slot' AND here.station_id = slot.station_id
                      AND here.slot_number = slot.number AND bank.doubt IS NULL
                      AND NOT EXISTS (SELECT FROM discrepancies AS open
                                       WHERE open.serial = bank.serial AND open.resolved_at IS NULL)
                      AND NOT EXISTS (SELECT FROM station_commands AS ejection
                                       WHERE ejection.serial = bank.serial AND ejection.command = 'eject_powerbank'
                                         AND ejection.status <> 'succeeded'
                                         AND (ejection.finished_at IS NULL OR ejection.status = 'unknown'
                                              OR ejection.deadline > late))),
               kept, revision
          FROM slots AS slot WHERE slot.station_id = at_station ORDER BY slot.number;
END
$$;
