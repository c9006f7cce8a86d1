-- Accrue what entries of the ledger moved of the revenue of rentals: find the agreement by which each rental began,
-- book what the movement adds to its shares, and write the accruals. It runs in the transaction of these entries, whose
-- people are locked, so two movements of one rental never count from the same state. An entry that was accrued before
-- is passed over. Shares are computed as in `partners/agreements/terms.py`, and a test compares the two.
--
-- All of it is one call, because it stands in the transactions by which rentals are settled. Plans are kept for each
-- connection, and planning the joins again for each rental would cost more than all the rest.
CREATE OR REPLACE FUNCTION accrue_shares(entries uuid[], OUT movements integer, OUT partners uuid[])
    LANGUAGE plpgsql AS $$
DECLARE
    entry uuid;
    moved record;
    earned record;
    agreed record;
    account record;
    by_month boolean;
    new_gross bigint;
    new_vat bigint;
    new_net bigint;
    old_net bigint;
    month_before bigint;
    venue bigint;
    venue_withheld bigint;
    franchise bigint;
    franchise_withheld bigint;
    franchise_id uuid;
    share_id uuid;
BEGIN
    movements := 0;
    FOREACH entry IN ARRAY entries LOOP  -- one by one: the plan for an array is made anew each time
        SELECT movement.* INTO moved FROM public.revenue_movements AS movement WHERE movement.entry_id = entry;
        CONTINUE WHEN NOT FOUND OR EXISTS (SELECT FROM public.partner_accruals AS done WHERE done.entry_id = entry);
        -- An agreement that was used for a rental once is used for it always.
        SELECT (array_agg(accrual.agreement_id))[1] AS agreement_id,
               coalesce(sum(accrual.gross) FILTER (WHERE part = 'venue'), 0)::bigint AS gross,
               coalesce(sum(accrual.vat) FILTER (WHERE part = 'venue'), 0)::bigint AS vat,
               coalesce(sum(share) FILTER (WHERE part = 'venue'), 0)::bigint AS venue,
               coalesce(sum(withheld) FILTER (WHERE part = 'venue'), 0)::bigint AS venue_withheld,
               coalesce(sum(share) FILTER (WHERE part = 'franchise'), 0)::bigint AS franchise,
               coalesce(sum(withheld) FILTER (WHERE part = 'franchise'), 0)::bigint AS franchise_withheld
          INTO earned FROM public.partner_accruals AS accrual WHERE accrual.rental_id = moved.rental_id;
        IF earned.agreement_id IS NULL THEN
            SELECT agreement_id INTO earned.agreement_id FROM public.partner_agreement_stations
             WHERE station_id = moved.station_id AND starts_on <= moved.began_on AND last_day >= moved.began_on;
            CONTINUE WHEN NOT FOUND;
        END IF;
        SELECT agreement.id, agreement.partner_id, agreement.franchise_id, terms,
               vat_percent::bigint AS vat_percent, withheld_percent::bigint AS withheld_percent,
               coalesce(CAST(100 * CAST(terms->>'percent' AS numeric) AS bigint), 0) AS percent,
               coalesce(CAST(100 * CAST(terms->>'franchise_percent' AS numeric) AS bigint), 0) AS franchise_percent
          INTO STRICT agreed FROM public.partner_agreements AS agreement WHERE agreement.id = earned.agreement_id;

        new_gross := earned.gross + moved.amount;
        new_vat := public.divide_rounded(new_gross * agreed.vat_percent, 10000 + agreed.vat_percent);
        new_net := new_gross - new_vat;
        old_net := earned.gross - earned.vat;
        by_month := jsonb_array_length(agreed.terms->'tiers') > 1;
        IF by_month THEN
            -- The row of the month is locked from here on: each rupee gets the percent that the month has reached.
            INSERT INTO public.partner_agreement_months AS month (agreement_id, month, net)
            VALUES (agreed.id, date_trunc('month', moved.began_on)::date, new_net - old_net)
                ON CONFLICT (agreement_id, month) DO UPDATE SET net = month.net + excluded.net
            RETURNING month.net - (new_net - old_net) INTO month_before;
            IF new_net = 0 THEN  -- even where a refund was counted before what it gives back
                venue := 0;
            ELSIF new_net >= old_net OR old_net <= 0 THEN
                venue := earned.venue + public.share_of_month(agreed.terms->'tiers', month_before + new_net - old_net)
                                      - public.share_of_month(agreed.terms->'tiers', month_before);
            ELSE  -- what a rental gives back takes back its own part, at whatever tiers that was
                venue := public.divide_rounded(earned.venue * new_net, old_net);
            END IF;
        ELSE
            venue := public.divide_rounded(
                new_net * coalesce(CAST(100 * CAST(agreed.terms->'tiers'->0->>'percent' AS numeric) AS bigint),
                               agreed.percent), 10000);
        END IF;
        franchise := public.divide_rounded(new_net * agreed.franchise_percent, 10000);
        IF new_net >= 0 AND venue + franchise > new_net THEN  -- both were rounded up
            franchise := greatest(0, new_net - venue);
        END IF;
        venue_withheld := public.divide_rounded(venue * agreed.withheld_percent, 10000) - earned.venue_withheld;
        franchise_withheld :=
            public.divide_rounded(franchise * agreed.withheld_percent, 10000) - earned.franchise_withheld;
        venue := venue - earned.venue;
        franchise := franchise - earned.franchise;
        franchise_id := CASE WHEN agreed.franchise_percent > 0 THEN agreed.franchise_id END;
        IF franchise_id IS NULL THEN
            franchise := 0;
            franchise_withheld := 0;
        END IF;

        share_id := NULL;
        IF venue <> 0 OR venue_withheld <> 0 OR franchise <> 0 OR franchise_withheld <> 0 THEN
            FOR attempt IN 1..2 LOOP
                SELECT (SELECT id FROM public.ledger_accounts
                         WHERE owner = '' AND kind = 'partner_expense' AND currency = 'NPR') AS expense,
                       (SELECT id FROM public.ledger_accounts
                         WHERE owner = '' AND kind = 'withheld_tax' AND currency = 'NPR') AS tax,
                       (SELECT id FROM public.ledger_accounts WHERE owner = agreed.partner_id::text
                           AND kind = 'partner_payable' AND currency = 'NPR') AS venue,
                       (SELECT id FROM public.ledger_accounts WHERE owner = franchise_id::text
                           AND kind = 'partner_payable' AND currency = 'NPR') AS franchise
                  INTO account;
                EXIT WHEN account.expense IS NOT NULL AND account.tax IS NOT NULL AND account.venue IS NOT NULL
                      AND (account.franchise IS NOT NULL OR franchise_id IS NULL);
                -- Opened in one order everywhere, so that nobody waits in a circle.
                INSERT INTO public.ledger_accounts (id, kind, owner, currency, normal, floored)
                SELECT uuidv7(), kind, owner, 'NPR', normal, false
                  FROM (VALUES (1, 'partner_expense', '', 'debit'), (2, 'withheld_tax', '', 'credit'),
                               (3, 'partner_payable', agreed.partner_id::text, 'credit'),
                               (3, 'partner_payable', franchise_id::text, 'credit'))
                       AS wanted (place, kind, owner, normal)
                 WHERE owner IS NOT NULL
                 ORDER BY place, owner
                    ON CONFLICT (owner, kind, currency) DO NOTHING;
            END LOOP;
            share_id := uuidv7();
            WITH booked AS (
                INSERT INTO public.ledger_entries (id, kind, key, description, reference_kind, reference_id, actor)
                VALUES (share_id, 'share', 'share:' || moved.entry_id, '', 'rental', moved.rental_id::text, 'partners'))
            INSERT INTO public.ledger_postings (entry_id, account_id, currency, amount)
            SELECT share_id, line.account_id, 'NPR', line.amount
              FROM (VALUES (account.expense, -venue - franchise),
                           (account.tax, venue_withheld + franchise_withheld),
                           (account.venue, venue - venue_withheld),
                           (account.franchise, franchise - franchise_withheld)) AS line (account_id, amount)
             WHERE line.amount <> 0;
        END IF;
        INSERT INTO public.partner_accruals
               (id, partner_id, agreement_id, part, kind, entry_id, share_entry_id, station_id, rental_id,
                gross, vat, share, withheld, amount)
        SELECT uuidv7(), part.partner_id, agreed.id, part.name,
               CASE WHEN moved.amount > 0 THEN 'rental' ELSE 'refund' END, moved.entry_id, share_id,
               moved.station_id, moved.rental_id, moved.amount, new_vat - earned.vat,
               part.share, part.withheld, part.share - part.withheld
          FROM (VALUES (agreed.partner_id, 'venue', venue, venue_withheld),
                       (franchise_id, 'franchise', franchise, franchise_withheld))
               AS part (partner_id, name, share, withheld)
         WHERE part.partner_id IS NOT NULL;
        movements := movements + 1;
        partners := partners || agreed.partner_id;
        IF franchise_id IS NOT NULL THEN
            partners := partners || franchise_id;
        END IF;
    END LOOP;
END $$;
