-- Payments as people and gateways see them, and what jobs and staff left.
INSERT INTO wallet_transactions (id, user_id, entry_id, type, status, direction, wallet, revenue, reference_kind,
                                 reference_id, created_at)
SELECT made.id, user_id, entry, type, 'success', direction, 4000, revenue, about, reference, made.at
  FROM ride CROSS JOIN LATERAL (VALUES
       (1, bench.payment_id(n, ride.at), bench.topup_id(n, ride.at), 'topup', 'in', NULL, NULL, NULL, ride.at),
       (2, CASE WHEN ended IS NOT NULL THEN bench.purchase_id(n, ended) END, bench.capture_id(n, ended), 'rental',
        'out', 'rental_revenue', 'rental', ride.id::text, ended)
       ) AS made (k, id, entry, type, direction, revenue, about, reference, at)
 WHERE paid AND made.id IS NOT NULL ORDER BY n, k;
INSERT INTO payment_intents (id, user_id, transaction_id, gateway, status, amount, charged, currency, reference,
                             expires_at, payment_id, created_at, settled_at)
SELECT bench.payment_id(n, at), user_id, bench.payment_id(n, at), 'khalti', 'success', 4000, 4000, 'NPR', 'ref' || n,
       at + interval '30 min', 'paid' || n, at, at
  FROM ride WHERE paid ORDER BY n;
INSERT INTO gateway_events (id, gateway, received_at, body, event_id, type, intent_id, state, processed_at)
SELECT bench.row_id(n, at), 'khalti', at, '{}', 'event' || n, 'return', bench.payment_id(n, at), 'processed', at
  FROM ride WHERE paid AND at > bench.until() - interval '90 days' ORDER BY n;
INSERT INTO partner_accruals (id, partner_id, agreement_id, part, kind, entry_id, share_entry_id, station_id, rental_id,
                              gross, vat, share, withheld, amount, at)
SELECT bench.row_id(n, ended), bench.partner(bench.partner_of(s)), bench.agreement(bench.partner_of(s)), 'venue',
       'rental', bench.capture_id(n, ended), bench.share_id(n, ended), bench.station(s), id, 4000, 460, 708, 106, 602,
       ended
  FROM ride WHERE paid AND ended IS NOT NULL AND mod(s, 5) < 4 ORDER BY n;
INSERT INTO audit_log (id, at, actor, action, object_kind, object_id)
SELECT bench.row_id(n, at), at, 'bench', 'rental.resolve', 'rental', id::text FROM ride WHERE mod(n, 10) = 3 ORDER BY n;
INSERT INTO outbox_jobs (id, job, queue, arguments, state, created_at, run_after, lease_until, finished_at)
SELECT bench.row_id(n * 8 + k, at), 'conclude_rental', 'default', '{}', 'done', at, at, at, at
  FROM ride CROSS JOIN generate_series(0, 7) AS k WHERE at > bench.until() - interval '7 days' ORDER BY n, k;
INSERT INTO idempotency_keys (principal, route, key, fingerprint, status, created_at)
SELECT 'user:' || user_id, 'POST /api/rentals', n::text, 'x', 201, at
  FROM ride WHERE at > bench.until() - interval '1 day' ORDER BY n;
