-- Choose the best power bank of a station, promise it to a rental, and write the station's live row. The best one has
-- the highest charge, then the fewest cycles. A power bank that another transaction has locked is passed over, so that
-- two people at one station do not wait for each other. One that was promised or held back between the choice and the
-- lock is absent when the promise is written, and the search begins again. Scans of whole tables are switched off,
-- because PostgreSQL keeps the plan, and may have made it when there were few rows.
CREATE OR REPLACE FUNCTION promise_best_bank(
    at_station uuid, to_rental uuid, min_battery integer, excluded_serials text[],
    OUT bank_id uuid, OUT serial text, OUT slot_number smallint)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
    LOOP
        SELECT bank.id, bank.serial, best.number INTO bank_id, serial, slot_number
          FROM rentable_banks AS best JOIN power_banks AS bank ON bank.id = best.bank_id
         WHERE best.station_id = at_station AND best.charge >= min_battery AND bank.serial <> ALL (excluded_serials)
         ORDER BY best.charge DESC, bank.cycles, best.number LIMIT 1
           FOR UPDATE OF bank SKIP LOCKED;
        EXIT WHEN NOT FOUND;
        INSERT INTO bank_reservations (bank_id, rental_id)
        SELECT best.bank_id, to_rental FROM rentable_banks AS best
         WHERE best.bank_id = promise_best_bank.bank_id AND best.station_id = at_station
            ON CONFLICT ON CONSTRAINT pk_bank_reservations DO NOTHING;
        IF FOUND THEN
            PERFORM refresh_station_live(ARRAY[at_station], min_battery);
            EXIT;
        END IF;
    END LOOP;
END
$$;
