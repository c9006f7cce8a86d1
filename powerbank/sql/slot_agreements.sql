-- List the slots of a station, each with whether custody agrees with what the station shows. It agrees with an empty
-- slot. It agrees with a power bank that it has in this slot too, if nobody doubts where the power bank is, no
-- discrepancy about it is open, and no ejection of it is under way, has an unknown result, or failed with a deadline
-- after `ejections_after`. `banks_in_custody` is the number of power banks that custody has at the station, and
-- `revision` is that of the station's live row. Scans of whole tables are switched off, because PostgreSQL keeps the
-- plan, and may have made it when there were few rows.
CREATE OR REPLACE FUNCTION slot_agreements(at_station uuid, ejections_after timestamptz)
RETURNS TABLE (number smallint, works text, serial text, agrees boolean, banks_in_custody bigint, revision bigint)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    banks_in_custody CONSTANT bigint := (SELECT count(*) FROM custody
                                          WHERE station_id = at_station AND upper_inf(period));
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
                                              OR ejection.deadline > ejections_after))),
               banks_in_custody, revision
          FROM slots AS slot WHERE slot.station_id = at_station ORDER BY slot.number;
END
$$;
