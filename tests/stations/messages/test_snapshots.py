"""After an ejection or a return the next snapshot is foretold, and one that differs is compared slot by slot."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.messages import snapshots, steady_heartbeats
from tests.stations.talker import Slots, Talker, find_serials_in_slots, list_stays, make_slot, query_rows

pytestmark = pytest.mark.usefixtures("hear")
BEFORE = {1: "101", 2: "102", 3: "103"}
WITHOUT_THE_FIRST = {2: "102", 3: "103"}
IN_A_WAREHOUSE = Whereabouts(Place.WAREHOUSE)


def is_usual(talker: Talker, shown: Slots) -> bool:
    """Tell whether a snapshot that shows this is taken in without a closer look."""
    talker.wait(5)
    looked_at = talker.writer.counts["closely"]
    talker.snapshot(shown)
    return talker.writer.counts["closely"] == looked_at


def put_out(talker: Talker) -> None:
    command = talker.rent(1, "101")
    talker.wait(2)
    talker.event("ejected", 1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")


def test_the_snapshot_after_an_ejection_is_steady(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    put_out(talker)
    assert is_usual(talker, WITHOUT_THE_FIRST)
    assert find_serials_in_slots(talker.id) == {1: None, 2: "102", 3: "103", 4: None}


def test_an_ejection_is_settled_whichever_message_comes_first(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    command = talker.rent(1, "101")
    talker.answer(command.id, slot_number=1, powerbank_sn="101")
    talker.event("ejected", 1, "101")
    assert is_usual(talker, WITHOUT_THE_FIRST)


def test_the_snapshot_after_a_return_is_steady(talker: Talker) -> None:
    put_out(talker)
    talker.snapshot(WITHOUT_THE_FIRST)
    talker.wait(60)
    talker.event("returned", 4, "101")
    assert is_usual(talker, {**WITHOUT_THE_FIRST, 4: ("101", 80)})
    assert list_stays("101")[-1] == ("slot", 4, "")


def test_a_bank_that_is_still_there_is_compared(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    put_out(talker)
    assert not is_usual(talker, BEFORE)
    assert list_stays("101")[-1] == ("slot", 1, "")


def test_changes_by_staff_between_snapshots_are_compared(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    put_out(talker)
    with transaction():
        banks.move_bank(custody_queries.lock_bank("102").id, IN_A_WAREHOUSE, at=talker.now, cause="by hand")
    assert not is_usual(talker, WITHOUT_THE_FIRST)


@pytest.fixture
def staff_take_102(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """Have staff take a bank beside what happens, as soon as this function has done its work."""

    def take() -> None:
        with app.app_context(), transaction():
            bank = custody_queries.lock_bank("102")
            banks.move_bank(bank.id, IN_A_WAREHOUSE, at=bank.created_at, cause="by hand")

    def when(module: Any, name: str) -> None:
        original = getattr(module, name)

        def called(*arguments: Any, **more: Any) -> Any:
            monkeypatch.setattr(module, name, original)
            answer = original(*arguments, **more)
            with ThreadPoolExecutor(1) as beside:
                beside.submit(take).result(10)
            return answer

        monkeypatch.setattr(module, name, called)

    return when


def test_changes_by_staff_during_a_comparison_are_compared_next(
    talker: Talker, staff_take_102: Callable[..., None]
) -> None:
    talker.snapshot(BEFORE)
    moved = {1: "101", 2: "102", 4: "103"}
    staff_take_102(snapshots, "_list_slot_agreements")
    assert not is_usual(talker, moved)
    assert list_stays("102")[-1][0] == "warehouse"
    assert not is_usual(talker, moved)
    assert list_stays("102")[-1][0] == "slot"
    assert is_usual(talker, moved)


def test_what_staff_do_while_a_bank_becomes_rentable_is_compared_next(
    talker: Talker, staff_take_102: Callable[..., None]
) -> None:
    empty: Slots = {**BEFORE, 1: ("101", 5)}
    talker.snapshot(empty)
    assert is_usual(talker, empty)
    staff_take_102(steady_heartbeats, "_follow_messages")
    assert is_usual(talker, BEFORE)
    assert list_stays("102")[-1][0] == "warehouse"
    assert not is_usual(talker, BEFORE)
    assert list_stays("102")[-1][0] == "slot"


def test_a_bank_in_doubt_is_compared(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    with transaction():
        banks.mark_doubtful(custody_queries.lock_bank("103").id, "no answer to an ejection")
    put_out(talker)
    assert not is_usual(talker, WITHOUT_THE_FIRST)
    assert query_rows("SELECT serial FROM power_banks WHERE doubt IS NOT NULL") == []


def test_the_snapshot_after_an_ejection_is_compared_if_another_one_is_open(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    put_out(talker)
    talker.rent(2, "102")
    assert not is_usual(talker, WITHOUT_THE_FIRST)


def test_an_unknown_bank_is_compared_each_time(talker: Talker) -> None:
    put_out(talker)
    talker.event("returned", 1, "999")
    shown = {**WITHOUT_THE_FIRST, 1: ("999", 80)}
    assert not is_usual(talker, shown)
    assert not is_usual(talker, shown)
    assert [row.kind for row in query_rows("SELECT kind FROM discrepancies")] == ["unknown_serial"]


def test_a_contradicting_answer_is_followed_by_a_comparison(talker: Talker) -> None:
    talker.snapshot(BEFORE)
    command = talker.rent(1, "101")
    talker.event("ejected", 1, "101")
    talker.answer(command.id, success=False, error="slot_jammed")
    assert not is_usual(talker, WITHOUT_THE_FIRST)


def test_a_bank_that_left_a_slot_which_cannot_be_read_is_found_in_the_other(talker: Talker) -> None:
    """The slot keeps what it showed last, and is not believed for that."""
    talker.snapshot(BEFORE)
    strange = make_slot(1, "101") | {"powerbank_sn": {"what": "is this"}}
    talker.say(
        "heartbeat",
        {"status": "online", "slots": [strange, make_slot(2, "102"), make_slot(3, "103"), make_slot(4, "101")]},
    )
    assert list_stays("101")[-1] == ("slot", 4, "")
