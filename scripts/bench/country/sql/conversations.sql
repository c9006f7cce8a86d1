-- One in eight conversations is not over.
CREATE TEMP TABLE talk ON COMMIT DROP AS
SELECT n, bench.conversation_id(n, at) AS id, at, mod(n, bench.people()) AS m, bench.message_id(n * 4 + 3, at) AS last,
       CASE WHEN n < bench.conversations() * 7 / 8 THEN 'closed' WHEN mod(n, 2) = 0 THEN 'open' ELSE 'waiting' END
           AS status
  FROM generate_series(%(first)s, %(last)s - 1) AS n
 CROSS JOIN LATERAL (SELECT bench.until() - (bench.conversations() - n) * (interval '300 days' / bench.conversations())
                            AS at) AS moment;
INSERT INTO conversations (id, user_id, subject, language, status, created_at, last_message_id, last_message_at,
                           answer_due_at, solved_at)
SELECT id, bench.person(m), 'other', 'ne', status, at, last, at + interval '3 minutes',
       CASE WHEN status = 'open' THEN at + interval '1 day' END, CASE WHEN status = 'closed' THEN at END
  FROM talk ORDER BY n;
INSERT INTO support_messages (conversation_id, id, sender, staff_id, text, created_at)
SELECT id, bench.message_id(n * 4 + k, at), CASE WHEN mod(k, 2) = 0 THEN 'person' ELSE 'staff' END,
       CASE WHEN mod(k, 2) = 1 THEN bench.staff() END, 'The power bank did not come out.', at + k * interval '1 min'
  FROM talk CROSS JOIN generate_series(0, 3) AS k ORDER BY n, k;
