-- A rupee each week to each partner, long arrived.
CREATE TEMP TABLE paid ON COMMIT DROP AS
SELECT n, week, at, n * 26 + week AS number,
       (last * (365 - 7 * week) / 365)::bigint AS up_to
  FROM generate_series(%(first)s, %(last)s - 1) AS n CROSS JOIN generate_series(1, 26) AS week
 CROSS JOIN LATERAL (SELECT bench.until() - week * interval '7 days' AS at) AS moment
 CROSS JOIN (SELECT pg_sequence_last_value(pg_get_serial_sequence('ledger_postings', 'number')::regclass) AS last) AS newest;
INSERT INTO payouts (id, run_id, code, payee_kind, payee_id, payee_name, cutoff, up_to, amount, account_id, provider,
                     status, approved_by, approved_at, sent_at, paid_at, created_at)
SELECT bench.row_id(number, at), bench.row_id(100 + week, bench.put_up(0)), 'P' || number, 'partner', bench.partner(n),
       'Venue ' || n, at, up_to, 100, bench.row_id(1000 + n, bench.put_up(0)), 'by_hand', 'paid', 'staff', at, at, at, at
  FROM paid ORDER BY number;
INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
SELECT bench.gift_id(number, at), 'payout', 'payout:' || number, 'payout', bench.row_id(number, at)::text, 'bench', at
  FROM paid ORDER BY number;
INSERT INTO ledger_postings (entry_id, account_id, currency, amount, created_at)
SELECT bench.gift_id(number, at), account, 'NPR', amount, at
  FROM paid CROSS JOIN LATERAL (VALUES (bench.payable_id(n, bench.put_up(0)), -100),
                                       (bench.network_account('payout_clearing'), 100)) AS made (account, amount)
 ORDER BY number;
