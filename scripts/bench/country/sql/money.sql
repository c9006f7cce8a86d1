-- Paid by a top-up just before: top-up, hold, capture, and the share of the partner at whose station it began.
INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
SELECT made.id, kind, kind || ':' || made.id, about, CASE about WHEN 'intent' THEN bench.payment_id(n, at)::text
                                                         ELSE ride.id::text END, 'bench', CASE WHEN k < 3 THEN at ELSE ended END
  FROM ride CROSS JOIN LATERAL (VALUES
       (1, bench.topup_id(n, at), 'topup', 'intent'), (2, bench.holding_id(n, at), 'hold', 'rental'),
       (3, CASE WHEN ended IS NOT NULL THEN bench.capture_id(n, ended) END, 'capture', 'rental'),
       (4, CASE WHEN ended IS NOT NULL AND mod(s, 5) < 4 THEN bench.share_id(n, ended) END, 'share', 'rental')
       ) AS made (k, id, kind, about)
 WHERE paid AND made.id IS NOT NULL ORDER BY n, k;
INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance, created_at)
SELECT entry, account, 'NPR', amount, balance, CASE WHEN k < 5 THEN at ELSE ended END
  FROM ride CROSS JOIN LATERAL (VALUES
       (1, bench.topup_id(n, at), bench.network_account('gateway_clearing'), -4000, NULL),
       (2, bench.topup_id(n, at), bench.wallet_id(m, joined), 4000, 54000),
       (3, bench.holding_id(n, at), bench.wallet_id(m, joined), -4000, 50000),
       (4, bench.holding_id(n, at), bench.hold_id(m, joined), 4000, 4000),
       (5, CASE WHEN ended IS NOT NULL THEN bench.capture_id(n, ended) END, bench.hold_id(m, joined), -4000, 0),
       (6, CASE WHEN ended IS NOT NULL THEN bench.capture_id(n, ended) END,
        bench.network_account('rental_revenue'), 4000, NULL),
       (7, CASE WHEN ended IS NOT NULL AND mod(s, 5) < 4 THEN bench.share_id(n, ended) END,
        bench.network_account('partner_expense'), -708, NULL),
       (8, CASE WHEN ended IS NOT NULL AND mod(s, 5) < 4 THEN bench.share_id(n, ended) END,
        bench.payable_id(bench.partner_of(s), bench.put_up(0)), 602, NULL),
       (9, CASE WHEN ended IS NOT NULL AND mod(s, 5) < 4 THEN bench.share_id(n, ended) END,
        bench.network_account('withheld_tax'), 106, NULL)) AS made (k, entry, account, amount, balance)
 WHERE paid AND entry IS NOT NULL ORDER BY n, k;
UPDATE ledger_accounts AS account SET balance = 4000
  FROM ride WHERE paid AND ended IS NULL AND account.id = bench.hold_id(m, joined);
INSERT INTO ledger_holds (id, user_id, entry_id, reference_kind, reference_id, currency, amount, captured, status,
                          created_at)
SELECT bench.row_id(n, at), user_id, bench.holding_id(n, at), 'rental', id::text, 'NPR', 4000,
       CASE WHEN ended IS NULL THEN 0 ELSE 4000 END, CASE WHEN ended IS NULL THEN 'open' ELSE 'closed' END, at
  FROM ride WHERE paid ORDER BY n;
