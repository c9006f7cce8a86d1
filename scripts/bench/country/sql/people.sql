-- Addresses, sign-ins, devices, identity and tallies of people.
INSERT INTO users (id, username, first_name, last_name, date_of_birth, address, city, language, referral_code,
                   kyc_status, created_at)
SELECT id, 'person' || n, (ARRAY['Sita', 'Ram', 'Gita', 'Hari', 'Maya'])[mod(n, 5) + 1], 'Number' || n,
       date '1990-01-01', 'Road ' || mod(n, 900), 'Town ' || mod(n, 40),
       CASE WHEN mod(n, 3) = 0 THEN 'en' ELSE 'ne' END, 'C' || n,
       CASE WHEN mod(n, 200) = 1 THEN 'pending' ELSE 'approved' END, joined
  FROM who ORDER BY n;
INSERT INTO user_identifiers (id, user_id, kind, value, verified_at)
SELECT bench.row_id(n, joined), id, 'phone', '+9779' || lpad(n::text, 9, '0'), joined FROM who ORDER BY n;
INSERT INTO sessions (id, user_id, created_at, user_agent)
SELECT bench.session_id(n, joined), id, joined, 'bench' FROM who ORDER BY n;
INSERT INTO refresh_tokens (id, session_id, digest, created_at, expires_at)
SELECT bench.row_id(n, joined), bench.session_id(n, joined), md5('refresh' || n), joined,
       bench.until() + interval '30 days'
  FROM who ORDER BY n;
INSERT INTO devices (id, user_id, session_id, fcm_token, platform, app_version, created_at, seen_at)
SELECT bench.row_id(n, joined), id, bench.session_id(n, joined), 'token' || n, 'android', '1.0.0', joined,
       greatest(joined, bench.until() - mod(n, 90) * interval '1 day')
  FROM who ORDER BY n;
INSERT INTO favourite_stations (user_id, station_id, created_at)
SELECT id, bench.station(mod(n, bench.stations())), joined FROM who ORDER BY n;
INSERT INTO referrals (id, invitee_id, inviter_id, code, status, created_at, expires_at)
SELECT bench.row_id(n, joined), id, bench.person(n / 2), 'C' || n / 2, 'awarded', joined,
       joined + interval '30 days'
  FROM who WHERE mod(n, 10) = 5 ORDER BY n;
INSERT INTO kyc_submissions (id, user_id, number, submitted_at, decision, decided_at, decided_by)
SELECT bench.row_id(n, joined), id, 'sealed', joined, CASE WHEN mod(n, 200) <> 1 THEN 'approved' END,
       CASE WHEN mod(n, 200) <> 1 THEN joined END, CASE WHEN mod(n, 200) <> 1 THEN bench.staff() END
  FROM who ORDER BY n;
INSERT INTO kyc_records (user_id, status, submission_id, number_digest)
SELECT id, CASE WHEN mod(n, 200) = 1 THEN 'pending' ELSE 'approved' END, bench.row_id(n, joined),
       decode(md5('number' || n), 'hex')
  FROM who ORDER BY n;
INSERT INTO tallies (board, user_id, rentals, on_time, stale)
SELECT board, id, mod(n * 31, 40), mod(n * 31, 40), false
  FROM who CROSS JOIN (VALUES ('all'), (bench.month_board())) AS boards (board)
 WHERE board = 'all' OR mod(n, 3) = 0 ORDER BY n;
INSERT INTO standings (board, user_id, score)
SELECT board, user_id, score FROM tallies JOIN who ON who.id = tallies.user_id ORDER BY n;
