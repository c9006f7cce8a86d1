"""The measures beside the ledger, for pgbench: the same rows without guards, and our statements without Python."""

from scripts.bench.parts.ledger.clients import FIRST_PERSON, PEOPLE

PEOPLE_ROWS = f"""
    INSERT INTO users (id, username, referral_code)
    SELECT CAST('00000000-0000-7000-8000-' || n AS uuid), 'bench' || n, 'b' || n
      FROM generate_series({FIRST_PERSON}, {FIRST_PERSON + PEOPLE - 1}) n
"""  # noqa: S608 (numbers of ours)

# Copies with all indexes and none of the triggers. A hot row may have a balance here, on either side of zero.
TABLES = """
    CREATE TABLE plain_accounts (LIKE ledger_accounts INCLUDING ALL);
    ALTER TABLE plain_accounts DROP CONSTRAINT ck_ledger_accounts_floor, DROP CONSTRAINT ck_ledger_accounts_kind,
      DROP CONSTRAINT ck_ledger_accounts_balance;
    INSERT INTO plain_accounts SELECT * FROM ledger_accounts;
    UPDATE plain_accounts SET balance = 0, floored = true WHERE NOT floored;
    CREATE TABLE plain_entries (LIKE ledger_entries INCLUDING ALL);
    CREATE TABLE plain_postings (LIKE ledger_postings INCLUDING ALL);
    CREATE TABLE plain_transactions (LIKE wallet_transactions INCLUDING ALL);
    GRANT ALL ON plain_accounts, plain_entries, plain_postings, plain_transactions TO powerbank_app
"""
_PERSON = f"\\set n random({FIRST_PERSON}, {FIRST_PERSON + PEOPLE - 1})\n"
_IDS = (
    "SELECT uuidv7() AS entry, uuidv7() AS seen, id AS gateway FROM {prefix}_accounts WHERE owner = 'khalti' \\gset\n"
)

_PLAIN = """
BEGIN;
SELECT id AS wallet, balance + 100 AS after FROM plain_accounts
 WHERE owner = '00000000-0000-7000-8000-:n' AND kind = 'user_wallet' FOR NO KEY UPDATE \\gset
INSERT INTO plain_entries (id, kind, key, reference_kind, reference_id, actor)
VALUES (':entry', 'topup', ':entry', 'intent', ':entry', 'bench');
INSERT INTO plain_postings (entry_id, account_id, currency, amount, balance)
VALUES (':entry', ':wallet', 'NPR', 100, :after), (':entry', ':gateway', 'NPR', -100, NULL);
UPDATE plain_accounts SET balance = :after WHERE id = ':wallet';
{hot}
INSERT INTO plain_transactions (id, user_id, entry_id, type, status, direction, wallet, reference_kind, reference_id)
VALUES (':seen', '00000000-0000-7000-8000-:n', ':entry', 'topup', 'success', 'in', 100, 'intent', ':entry');
COMMIT;
"""
_HOT = "UPDATE plain_accounts SET balance = balance - 100 WHERE id = ':gateway';"

# `_ACCOUNTS` and `_WRITE` of powerbank/ledger/services.py, and the row that a person sees.
_OURS = """
BEGIN;
WITH locked AS MATERIALIZED (
    SELECT id, kind, owner, currency, balance FROM ledger_accounts
     WHERE owner = ANY(ARRAY['00000000-0000-7000-8000-:n']) AND floored ORDER BY id FOR NO KEY UPDATE),
resolved AS (
    SELECT id, kind, balance FROM locked
     UNION ALL
    SELECT id, kind, NULL FROM ledger_accounts
      JOIN unnest(ARRAY['gateway_clearing'], ARRAY['khalti'], ARRAY['NPR']) AS wanted (kind, owner, currency)
           USING (kind, owner, currency)
     WHERE NOT floored)
SELECT id AS wallet, balance + 100 AS after FROM resolved WHERE kind = 'user_wallet' \\gset
WITH entry AS (
    INSERT INTO ledger_entries (id, kind, key, description, reference_kind, reference_id, actor)
    VALUES (':entry', 'topup', ':entry', '', 'intent', ':entry', 'bench') ON CONFLICT (key) DO NOTHING RETURNING id)
INSERT INTO ledger_postings (entry_id, account_id, currency, amount, balance)
SELECT entry.id, line.* FROM entry,
       unnest(ARRAY[':wallet', ':gateway']::uuid[], ARRAY['NPR', 'NPR'], ARRAY[100, -100]::bigint[],
              ARRAY[:after, NULL]::bigint[]) AS line
RETURNING number;
INSERT INTO wallet_transactions (id, user_id, entry_id, type, status, direction, wallet, reference_kind, reference_id)
VALUES (':seen', '00000000-0000-7000-8000-:n', ':entry', 'topup', 'success', 'in', 100, 'intent', ':entry');
COMMIT;
"""

SCRIPTS = {
    "pgbench: the same rows in plain tables": _PERSON + _IDS.format(prefix="plain") + _PLAIN.format(hot=""),
    "pgbench: the same, and one hot balance row": _PERSON + _IDS.format(prefix="plain") + _PLAIN.format(hot=_HOT),
    "pgbench: our statements, all guards": _PERSON + _IDS.format(prefix="ledger") + _OURS,
}
