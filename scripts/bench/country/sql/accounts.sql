-- Everybody was given 500 rupees by a top-up and 100 points at the beginning, and some owe five rupees.
INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored, balance, opened_at)
SELECT made.id, kind, who.id::text, currency, normal, true, balance, joined
  FROM who CROSS JOIN LATERAL (VALUES
       (bench.wallet_id(n, joined), 'user_wallet', 'NPR', 'credit', 50000),
       (bench.hold_id(n, joined), 'user_hold', 'NPR', 'credit', 0),
       (bench.points_id(n, joined), 'user_points', 'PTS', 'credit', 100),
       (bench.points_hold_id(n, joined), 'user_points_hold', 'PTS', 'credit', 0),
       (bench.dues_id(n, joined), 'dues_receivable', 'NPR', 'debit', CASE WHEN mod(n, 50) = 7 THEN -500 ELSE 0 END),
       (bench.points_dues_id(n, joined), 'points_dues_receivable', 'PTS', 'debit', 0)
       ) AS made (id, kind, currency, normal, balance)
 ORDER BY n;
INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
SELECT made.id, kind, kind || ':' || made.id, about,
       CASE about WHEN 'user' THEN who.id::text ELSE bench.row_id(n, joined)::text END, 'bench', joined
  FROM who CROSS JOIN LATERAL (VALUES
       (bench.welcome_id(n, joined), 'topup', 'intent'), (bench.gift_id(n, joined), 'points_awarded', 'user'),
       (CASE WHEN mod(n, 50) = 7 THEN bench.due_id(n, joined) END, 'due', 'transaction')) AS made (id, kind, about)
 WHERE made.id IS NOT NULL ORDER BY n;
INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance, created_at)
SELECT entry, account, currency, amount, balance, joined
  FROM who CROSS JOIN LATERAL (VALUES
       (bench.welcome_id(n, joined), bench.network_account('gateway_clearing'), 'NPR', -50000, NULL),
       (bench.welcome_id(n, joined), bench.wallet_id(n, joined), 'NPR', 50000, 50000),
       (bench.gift_id(n, joined), bench.network_account('points_liability'), 'PTS', -100, NULL),
       (bench.gift_id(n, joined), bench.points_id(n, joined), 'PTS', 100, 100),
       (CASE WHEN mod(n, 50) = 7 THEN bench.due_id(n, joined) END, bench.dues_id(n, joined), 'NPR', -500, -500),
       (CASE WHEN mod(n, 50) = 7 THEN bench.due_id(n, joined) END, bench.network_account('overdue_revenue'), 'NPR',
        500, NULL)) AS made (entry, account, currency, amount, balance)
 WHERE entry IS NOT NULL ORDER BY n;
INSERT INTO points_lots (id, user_id, entry_id, amount, available, expires_at, created_at)
SELECT bench.row_id(n, joined), id, bench.gift_id(n, joined), 100, 100,
       greatest(joined + interval '1 year', bench.until() + (5 + mod(n, 300)) * interval '1 day'), joined
  FROM who ORDER BY n;
INSERT INTO points_moves (entry_id, lot_id, available, held)
SELECT bench.gift_id(n, joined), bench.row_id(n, joined), 100, 0 FROM who ORDER BY n;
INSERT INTO ledger_dues (id, user_id, entry_id, reference_kind, reference_id, revenue, amount, created_at)
SELECT bench.row_id(n, joined), id, bench.due_id(n, joined), 'transaction', bench.row_id(n, joined)::text, 'overdue_revenue', 500, joined
  FROM who WHERE mod(n, 50) = 7 ORDER BY n;
INSERT INTO wallet_transactions (id, user_id, entry_id, type, status, direction, wallet, created_at)
SELECT bench.row_id(n, joined), id, bench.welcome_id(n, joined), 'topup', 'success', 'in', 50000, joined
  FROM who ORDER BY n;
INSERT INTO payment_intents (id, user_id, transaction_id, gateway, status, amount, charged, currency, reference,
                             expires_at, payment_id, created_at, settled_at)
SELECT bench.row_id(n, joined), id, bench.row_id(n, joined), 'khalti', 'success', 50000, 50000, 'NPR', 'welcome' || n,
       joined + interval '30 min', 'welcome' || n, joined, joined
  FROM who ORDER BY n;
