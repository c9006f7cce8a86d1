"""How a storm is put together, and what is shown of it."""

import itertools
import random
from itertools import islice

import pytest

from scripts.drills.storm import client, faults, wrong_clock
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.health import Sample, Watch
from scripts.drills.storm.journal import Accepted, Answer, FaultPeriod, Journal, Wait
from scripts.drills.storm.storm import Observations, shuffle_into_groups
from scripts.drills.storm.table import render_table
from tests.receiver import receiving


def order(seed: int, groups: int) -> list[list[str]]:
    found = shuffle_into_groups(faults.list_faults(), random.Random(seed))
    return [[fault.name for fault in together] for together in islice(found, groups)]


def test_a_seed_repeats_the_order() -> None:
    assert order(7, 60) == order(7, 60) != order(8, 60)


def test_everything_comes_before_anything_comes_again() -> None:
    names = [fault.name for fault in faults.list_faults()]
    assert len(names) == len(set(names))
    first = [name for together in order(7, len(names)) for name in together][: len(names)]
    assert sorted(first) == sorted(names)


def test_faults_that_health_must_report_come_alone() -> None:
    told = {fault.name for fault in faults.list_faults() if fault.shows}
    assert told
    assert all(len(together) == 1 for together in order(7, 60) if told & set(together))


def test_clocks_are_wrong_only_where_a_library_can_make_them_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_clock, "PLACES", ())
    monkeypatch.delenv("FAKETIME_LIBRARY", raising=False)
    assert not [fault for fault in faults.list_faults() if fault.kind == "clock"]
    monkeypatch.setenv("FAKETIME_LIBRARY", "/somewhere/libfaketimeMT.so.1")
    assert [fault for fault in faults.list_faults() if fault.kind == "clock"]
    assert wrong_clock.prefix("+1d").startswith("env LD_PRELOAD=/somewhere/libfaketimeMT.so.1 FAKETIME=+1d ")


def test_a_phone_asks_again_with_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAUSE", 0)
    monkeypatch.setattr(client, "now", itertools.count().__next__)
    journal = Journal()
    with receiving() as server:
        server.status = 503
        reply = client.Client(server.url, journal).ask("POST", "/api/x", {}, key="k", patience=20)
    assert not reply.known
    assert len(server.got) > 1
    assert {each.headers["idempotency-key"] for each in server.got} == {"k"}
    assert {answer.kind for answer in journal.answers} == {"503"}


def test_a_500_is_a_surprise_and_a_refusal_is_an_answer() -> None:
    journal = Journal()
    with receiving() as server:
        phone = client.Client(server.url, journal)
        server.status = 409
        assert phone.post("/api/x/0190cdb4-0000-7000-8000-000000000000").known
        server.status = 500
        phone.ask("POST", "/api/x", patience=0)
    assert [answer.asked for answer in journal.answers] == ["POST /api/x/{id}", "POST /api/x"]
    assert journal.surprises == ["500 to POST /api/x: {}"]


def test_the_table_has_the_longest_wait_of_each_fault_and_what_is_wrong() -> None:
    journal = Journal(
        fault_periods=[FaultPeriod("Redis wiped", 10, 18, kind="wipe"), FaultPeriod("web killed", 100, 108)]
    )
    for took in (2.0, 7.0):
        journal.note(Wait("start until ejected", 12, 12 + took, "x"))
    journal.note(Wait("return until completed", 60, 63, "x"))
    journal.note(Wait("top-up until credited", 101, None, "x"))
    journal.note(Answer("GET /api/wallet", 12, 13.5, "200"))
    journal.note(Answer("GET /api/wallet", 12, 13, "ConnectionError"))
    journal.note(Accepted("rental", "sita", "x", "k"))
    watch = Watch("http://127.0.0.1:9")
    watch.samples += [Sample(11, "yellow", frozenset({"redis"})), Sample(20, "green", frozenset())]
    shown = render_table(Observations(journal, watch), [Finding("lost", "a rental")], ends={"completed": 2})
    assert "| requests | 2: 1 2xx, 1 none |" in shown
    assert "| rentals | 2 completed |" in shown
    assert "| lost | 1 |" in shown
    assert "| Redis wiped | 1 | 7.0 |  |  | 1.5 | yellow after 1 s (redis), over 2 s after its end |" in shown
    assert "| web killed | 1 |  |  | never |  | nothing |" in shown
    assert "| calm | |  | 3.0 |  | | |" in shown
    assert shown.endswith("- lost: a rental")
