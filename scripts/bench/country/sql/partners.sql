-- A partner has an agreement, an owner, and an account to be paid to.
INSERT INTO partners (id, name, kind, contact, created_at)
SELECT bench.partner(n), 'Venue ' || n, 'venue', '{}', bench.put_up(0)
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO partner_members (id, partner_id, user_id, address, role, invited_by)
SELECT bench.row_id(1000 + n, bench.put_up(0)), bench.partner(n), bench.person(n), '+9779' || lpad(n::text, 9, '0'),
       'owner', 'staff'
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO partner_agreements (id, partner_id, starts_on, terms, vat_percent, withheld_percent, made_by)
SELECT bench.agreement(n), bench.partner(n), date(bench.put_up(0)), '{"kind": "share", "percent": "20.00"}', 1300, 1500,
       'staff'
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO partner_agreement_stations (agreement_id, station_id, starts_on, last_day)
SELECT bench.agreement(bench.partner_of(s)), bench.station(s), date(bench.put_up(0)), '9999-12-31'
  FROM generate_series(%(first)s, %(last)s - 1) AS n
  JOIN generate_series(0, bench.stations() - 1) AS s ON bench.partner_of(s) = n;
INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
SELECT bench.payable_id(n, bench.put_up(0)), 'partner_payable', bench.partner(n)::text, 'NPR', 'credit', false
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
INSERT INTO payout_accounts (id, payee_kind, payee_id, kind, provider, name, status, requested_by, decided_by,
                             decided_at, usable_from)
SELECT bench.row_id(1000 + n, bench.put_up(0)), 'partner', bench.partner(n), 'by_hand', 'by_hand', 'Venue ' || n,
       'confirmed', 'partner', 'staff', bench.put_up(0), bench.put_up(0)
  FROM generate_series(%(first)s, %(last)s - 1) AS n;
