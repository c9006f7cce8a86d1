"""Steady heartbeats of a few stations cost as much as those stations, however many others there are."""

import json
from collections.abc import Sequence
from typing import Any

from flask import Flask
from sqlalchemy import text

from powerbank.base.db import open_session, transaction, utcnow
from powerbank.stations.messages import steady_heartbeats
from powerbank.stations.messages.message import ReceivedMessage, StationDirectory, digest_contents
from powerbank.stations.messages.services import decode_batch
from powerbank.stations.protocols.events import Snapshot
from scripts.bench.shared import stations
from tests.conftest import execute, superuser_url

STATIONS, SPEAKING = 10_000, 100
SCANS = text(
    "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
    " WHERE relname IN ('station_live', 'station_state', 'slots') ORDER BY relname"
)
STATES = text("""
    INSERT INTO station_state (station_id, boot_id, seq, contents, measures, revision, snapshot_at, reports_maintenance)
    SELECT station_id, 1, 1, :contents, '', revision, now(), false FROM station_live
""")
SLOTS = text("""
    INSERT INTO slots (station_id, number, bank_serial)
    SELECT station_id, number, '101' FROM station_live, generate_series(1, 4) AS number
""")


def hear(imeis: Sequence[str]) -> Any:
    """Write a heartbeat of each station, with a charge that the database does not have yet."""
    slots = [{"slot_number": 1, "status": "ok", "powerbank_sn": "101", "battery_level": 90}]
    payload = json.dumps({"boot_id": 1, "seq": 2, "status": "online", "slots": slots}).encode()
    received = [ReceivedMessage(f"stations/{imei}/heartbeat", payload, utcnow()) for imei in imeis]
    return decode_batch(received, StationDirectory(), now=utcnow()).by_station


def test_a_batch_reads_no_table_of_all_stations(context: Flask, database_name: str) -> None:
    with transaction() as session:
        stations.fill(STATIONS)
        imeis = list(session.scalars(text("SELECT imei FROM stations ORDER BY id LIMIT :n"), {"n": SPEAKING}))
        messages = hear(imeis)
        snapshot = next(iter(messages.values()))[0].snapshot
        assert isinstance(snapshot, Snapshot)
        session.execute(STATES, {"contents": digest_contents(snapshot)})
        session.execute(SLOTS)
    execute(superuser_url(database_name), "ANALYZE station_live, station_state, slots")  # as autovacuum does
    with transaction():
        before = open_session().execute(SCANS).all()
        assert steady_heartbeats.apply_steady_heartbeats(messages, now=utcnow()) == set()
        assert open_session().execute(SCANS).all() == before
    with transaction() as session:
        charged = session.scalar(text("SELECT count(*) FROM slots WHERE charge = 90"))
        assert (charged, session.scalar(text("SELECT count(*) FROM station_messages"))) == (SPEAKING, SPEAKING)
