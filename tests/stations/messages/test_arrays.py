"""Columns as texts of arrays arrive in PostgreSQL as they were."""

from datetime import UTC, datetime, timedelta, timezone

from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from powerbank.base.db import db, new_id
from powerbank.stations.messages.arrays import format_array, format_text_array

texts = st.none() | st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)


def stored(kind: str, words: str) -> object:
    return db.session.execute(text(f"SELECT CAST(:words AS {kind}[])"), {"words": words}).scalar_one()


def test_texts_arrive_as_they_were(context: Flask) -> None:
    @given(st.lists(texts, max_size=5))
    @example(["", "NULL", "null", None, " a ", 'say "{x, y}"', "back\\slash\\\\", "'; --", "one\ntwo", ":name", "%s"])
    def arrive(values: list[str | None]) -> None:
        assert stored("text", format_text_array(values)) == values

    arrive()


def test_identifiers_times_and_numbers_arrive_as_they_were(context: Flask) -> None:
    ids = [new_id(), None, new_id()]
    assert stored("uuid", format_array(ids)) == ids
    times = [datetime(2026, 1, 1, 5, 45, 1, 7, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=timezone(timedelta(hours=-5)))]
    assert stored("timestamptz", format_array(times)) == times
    numbers = [0.1, -1e300, 26.0, None]
    assert stored("float8", format_array(numbers)) == numbers
    assert stored("bigint", format_array([2**63 - 1, -1])) == [2**63 - 1, -1]
    assert stored("int", format_array([])) == []
