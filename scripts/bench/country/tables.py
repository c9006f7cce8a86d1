"""What was measured of two countries, as tables for people."""

from typing import Any

import psycopg2

from scripts.bench.country.filling import Tell
from scripts.bench.country.numbers import Size

Results = dict[str, dict[str, Any]]
TWICE, AT_LEAST = 2.0, 10.0  # milliseconds: below, twice as long is chance
MUCH, SLOW = 10_000, 200.0
_VACUUMED = "SELECT relname FROM pg_stat_user_tables WHERE schemaname = 'public' AND last_vacuum IS NULL ORDER BY 1"
_SIZES = """
    SELECT relname, pg_table_size(relid), pg_indexes_size(relid), n_live_tup
      FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY pg_total_relation_size(relid) DESC LIMIT 25
"""
_INDEXES = """
    SELECT indexrelname, relname, pg_relation_size(indexrelid)
      FROM pg_stat_user_indexes WHERE schemaname = 'public' ORDER BY 3 DESC LIMIT 15
"""


def find_faults(name: str, small: dict[str, Any], big: dict[str, Any]) -> list[str]:
    """Say what is wrong with an address or a task."""
    faults = []
    if big["answer"] not in ("200", "201", "202", "204", "302", "303", "304", "done", "nothing there"):
        faults.append(f"answers {big['answer']}")
    if big["p50"] > max(small["p50"] * TWICE, small["p50"] + AT_LEAST):
        faults.append("grows")
    faults += [f"scans {table}" for table, rows in big["scanned"].items() if rows > MUCH]
    if big["kind"] == "address" and big["p95"] > SLOW:
        faults.append("slow")
    return faults


def list_faults(small: Results, big: Results) -> list[str]:
    return [
        f"{name}: {', '.join(faults)}"
        for name in big
        if name in small and (faults := find_faults(name, small[name], big[name]))
    ]


def compare(small_results: Results, big_results: Results, *, small: Size, big: Size) -> str:
    lines = [
        f"Small: {small.people:,} people, {small.rentals:,} rentals. Large: {big.people:,} people, {big.rentals:,} "
        f"rentals, {big.stations:,} stations, {big.reports:,} reports. Milliseconds; the rows are those that the "
        "server read for one answer or run, in tables and indexes, on the large one.",
        "",
        "| what | small, median | large, median | large, 95 of 100 | rows read | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, found in big_results.items():
        before = small_results.get(name)
        if before is None or found["answer"] == "nothing there":
            continue
        faults = ", ".join(find_faults(name, before, found))
        lines.append(
            f"| `{name}` | {before['p50']:,.1f} | {found['p50']:,.1f} | {found['p95']:,.1f} | {found['rows']:,} "
            f"| {faults} |"
        )
    absent = [f"`{name}`" for name, found in big_results.items() if found["answer"] == "nothing there"]
    return "\n".join([*lines, "", f"Not asked, as these countries have no such thing: {', '.join(absent) or 'none'}."])


def show_growth(url: str, size: Size) -> str:
    """What a million rentals add to each table, with the share of its indexes."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_SIZES)
            sizes = cursor.fetchall()
            cursor.execute(_INDEXES)
            indexes = cursor.fetchall()
    finally:
        connection.close()
    million = 1_000_000 / size.rentals
    lines = ["| table | rows | table, MB | indexes, MB |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| `{table}` | {rows * million:,.0f} | {own * million / 1e6:,.0f} | {of_indexes * million / 1e6:,.0f} |"
        for table, own, of_indexes, rows in sizes
    ]
    lines += ["", "| index | of | MB |", "| --- | --- | ---: |"]
    lines += [f"| `{index}` | `{table}` | {bytes_ * million / 1e6:,.0f} |" for index, table, bytes_ in indexes]
    return "\n".join(lines)


def vacuum(url: str, tell: Tell) -> None:
    """Vacuum and analyze what has never been, as the server has done in a network that is older than a minute."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(_VACUUMED)
            tables = [table for (table,) in cursor.fetchall()]
            for table in tables:
                cursor.execute(f'VACUUM (ANALYZE) public."{table}"')
            tell(f"vacuumed and analyzed {len(tables)} tables")
    finally:
        connection.close()
