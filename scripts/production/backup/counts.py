"""What a database holds, in figures that are equal after a restore: rows of each table, the ledger, the rentals."""

from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection

from scripts.production.backup.postgres_tools import read_one

TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"""
# The last figure differs also when two postings are others with the same total.
LEDGER = """
    SELECT currency, count(*), sum(amount), sum(abs(amount)), sum(CAST(amount AS numeric) * number)
      FROM ledger_postings GROUP BY currency ORDER BY currency"""
RENTALS = "SELECT status, count(*) FROM rentals GROUP BY status ORDER BY status"


def count(database: connection) -> dict[str, Any]:
    """Count everything as the transaction of this connection sees it."""
    with database.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for name in tables:
            rows[name] = int(read_one(database, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))))
        cursor.execute(LEDGER)
        ledger = {currency: [int(each) for each in figures] for currency, *figures in cursor.fetchall()}
        cursor.execute(RENTALS)
        rentals = {status: int(number) for status, number in cursor.fetchall()}
    return {"rows": rows, "ledger": ledger, "rentals": rentals}


def compare(kept: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Say what differs."""
    differences = []
    for kind in ("rows", "ledger", "rentals"):
        for name in sorted(kept[kind].keys() | found[kind].keys()):
            before, after = kept[kind].get(name), found[kind].get(name)
            if before != after:
                differences.append(f"{kind} of {name}: {before} in the backup, {after} restored")
    return differences
