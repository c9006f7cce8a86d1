"""Conversations with support of any number, written past the triggers, with words that are common, usual and rare."""

import random

from scripts.bench.shared.servers import Ground

MESSAGES = 20  # of each conversation
WORDS = 5_000
COMMON, USUAL, RARE = "slot", "umbrella", "zanzibar"  # in each twentieth, each thousandth, and in ten messages of all

_FILL = (
    "SET session_replication_role = replica",
    "SET synchronous_commit = off",
    """INSERT INTO users (id, username, first_name, last_name, city, referral_code, kyc_status)
       SELECT uuidv7(n * interval '-60 s'), 'person' || n, 'Sita', 'Number' || n, 'Kathmandu', 'C' || n, 'approved'
         FROM generate_series(1, {users}) n""",
    "CREATE TEMP TABLE u AS SELECT row_number() OVER () - 1 AS n, id FROM users; CREATE INDEX ON u (n)",
    """CREATE TEMP TABLE w AS
       SELECT n - 1 AS n, word FROM unnest(ARRAY[{words}]::text[]) WITH ORDINALITY AS made (word, n)""",
    "ANALYZE w",
    # Of each thousand two are open, and one waits. The rest is over, as after years.
    """INSERT INTO conversations (id, user_id, subject, language, status, created_at, last_message_id, last_message_at,
              read_by_staff, first_answered_at, answer_due_at, escalated_at, solved_at)
       SELECT uuidv7(at - now()), u.id, 'other', CASE WHEN number % 3 = 0 THEN 'en' ELSE 'ne' END, state, at,
              uuidv7(at - now()), at, NULL, at + interval '5 min',
              CASE WHEN state = 'open' THEN at + interval '15 min' END, NULL,
              CASE WHEN state = 'closed' THEN at + interval '1 hour' END
         FROM generate_series(1, {conversations}::bigint) AS made (number)
         CROSS JOIN LATERAL (SELECT now() - ({conversations} - number) * interval '60 s' AS at,
                                    CASE WHEN number % 500 = 0 THEN 'open' WHEN number % 1000 = 1 THEN 'waiting'
                                         ELSE 'closed' END AS state) t
         JOIN u ON u.n = number - 1""",
    "CREATE TEMP TABLE c AS SELECT row_number() OVER (ORDER BY id) AS n, id, created_at FROM conversations",
    "DROP INDEX ix_support_messages_words",
    """INSERT INTO support_messages (conversation_id, id, sender, is_note, text, created_at)
       SELECT c.id, uuidv7(at - now()), CASE WHEN m % 2 = 1 THEN 'person' ELSE 'system' END, false,
              a.word || ' ' || b.word || ' ' || d.word || ' ' || e.word || ' '
              || CASE WHEN k % 20 = 0 THEN '{common} ' ELSE '' END || CASE WHEN k % 1000 = 7 THEN '{usual} ' ELSE '' END
              || CASE WHEN k % ({messages} / 10) = 3 THEN '{rare}' ELSE '' END, at
         FROM (SELECT c.*, m, c.n * {each} + m AS k, c.created_at + m * interval '10 s' AS at
                 FROM c CROSS JOIN generate_series(1, {each}) m) c
         JOIN w a ON a.n = (k * 7919) % {count} JOIN w b ON b.n = (k * 104729) % {count}
         JOIN w d ON d.n = (k * 1299709) % {count} JOIN w e ON e.n = (k * 15485863) % {count}""",
    """UPDATE conversations SET last_message_id = newest.id, last_message_at = newest.created_at
         FROM (SELECT DISTINCT ON (conversation_id) conversation_id, id, created_at FROM support_messages
                ORDER BY conversation_id, id DESC) newest WHERE newest.conversation_id = conversations.id""",
    "CREATE INDEX ix_support_messages_words ON support_messages USING gin (to_tsvector('simple', text))",
)
TABLES = ("users", "conversations", "support_messages")


def fill(ground: Ground, *, conversations: int) -> None:
    dice = random.Random(7)  # noqa: S311
    letters = "aeioukmnprstvgh"
    words = ", ".join(f"'{''.join(dice.choices(letters, k=dice.randint(3, 9)))}'" for _ in range(WORDS))
    values = {
        "users": conversations,
        "conversations": conversations,
        "messages": conversations * MESSAGES,
        "each": MESSAGES,
        "words": words,
        "count": WORDS,
        "common": COMMON,
        "usual": USUAL,
        "rare": RARE,
    }
    ground.as_superuser(*(statement.format(**values) for statement in _FILL))
    ground.as_superuser(*(f"VACUUM ANALYZE {table}" for table in TABLES), "CHECKPOINT")
