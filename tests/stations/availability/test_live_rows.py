"""Live rows show what a station has, and hinder nobody."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask
from sqlalchemy import text, update

from powerbank.base.db import db, new_id, transaction
from powerbank.stations.availability import live_rows
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.models import Slot
from tests.stations import prepared
from tests.stations.conftest import Make


def test_a_reader_of_a_bank_keeps_nobody_waiting(app: Flask, make_station: Make) -> None:
    station = make_station("A", charges={1: 80, 2: 70})

    def take() -> str:
        with app.app_context(), transaction():
            return banks.promise_best_bank(station.id, holder_id=new_id(), min_battery=30).serial

    with app.app_context(), transaction(), ThreadPoolExecutor(1) as pool:
        custody_queries.lock_bank("A-1")
        assert pool.submit(take).result(timeout=60) == "A-2"


def test_faulty_and_occupied_slots_are_not_free(context: Flask, make_station: Make) -> None:
    station = make_station("A", charges={2: 80})
    with transaction() as session:
        session.execute(update(Slot).where(Slot.station_id == station.id, Slot.number == 3).values(works="faulty"))
        live_rows.refresh_live_rows([station.id])
        assert prepared.list_free_slots(station.id) == [1, 4]


def test_live_rows_are_made_again_as_they_were(context: Flask, make_station: Make) -> None:
    make_station("A", charges={1: 90, 2: 10})
    make_station("B", online=False)

    def rows() -> list[Any]:
        db.session.rollback()
        found = db.session.execute(text("SELECT * FROM station_live ORDER BY sn")).mappings()
        return [{name: value for name, value in row.items() if name != "revision"} for row in found]

    before = rows()
    with transaction() as session:
        session.execute(text("UPDATE station_live SET available_banks = 77, name = 'x', hours = '{}', active = false"))
    assert rows() != before
    assert context.test_cli_runner().invoke(args=["stations", "rebuild-live"]).exit_code == 0
    assert rows() == before
