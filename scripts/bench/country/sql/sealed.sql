-- A seal for each day of the year but the last, with the sums of the accounts that everybody shares.
CREATE TEMP TABLE until ON COMMIT DROP AS
SELECT pg_sequence_last_value(pg_get_serial_sequence('ledger_postings', 'number')::regclass) AS last;
INSERT INTO ledger_seals (up_to, horizon, made_at, sealed_at)
SELECT last * k / 360, 0, bench.until(), bench.until() FROM until CROSS JOIN generate_series(1, 359) AS k;
INSERT INTO ledger_sums (account_id, up_to, change, balance)
SELECT account_id, last * k / 360, change, sum(change) OVER (PARTITION BY account_id ORDER BY k)
  FROM until
 CROSS JOIN LATERAL (
       SELECT posting.account_id, (posting.number * 360 + last - 1) / last AS k, sum(posting.amount) AS change
         FROM ledger_postings AS posting JOIN ledger_accounts AS account ON account.id = posting.account_id
        WHERE NOT account.floored GROUP BY 1, 2) AS of_day
 WHERE k < 360;
