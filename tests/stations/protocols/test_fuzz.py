"""Whatever arrives, decoding ends with a result that can be stored, and in bounded time."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from powerbank.stations.protocols import find_route, json_v1
from powerbank.stations.protocols.events import Seen, Works
from powerbank.stations.protocols.json_fields import SERIAL, Fields
from powerbank.stations.protocols.protocol import MAX_PAYLOAD, Decoded, Note, Reason, StationFacts, Undecodable
from tests.examples import THOROUGH
from tests.stations.protocols.examples import IMEI, NOW
from tests.stations.protocols.test_volinks_v1 import PUBLISHED_HEARTBEAT, PUBLISHED_SNAPSHOT, frame

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
JSON_TOPICS = [f"stations/{IMEI}/{kind}" for kind in ("heartbeat", "events", "presence", "responses/c1")]
FRAME_TOPICS = [f"/powerbank/{IMEI}/user/{kind}" for kind in ("update", "heart")]
FIELDS = [
    "boot_id",
    "seq",
    "ts",
    "status",
    "hardware_info",
    "slots",
    "slot_number",
    "powerbank_sn",
    "battery_level",
    "temperature",
    "metadata",
    "event_id",
    "type",
    "data",
    "success",
    "error",
    "online",
    "imei",
    "command_id",
]
WORDS = ["online", "maintenance", "ok", "locked", "faulty", "returned", "ejected", "slot_fault", "boot", IMEI, "c1"]

names = st.sampled_from(FIELDS) | st.text(max_size=5)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-300, 300)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
slots = st.lists(st.dictionaries(st.sampled_from(FIELDS[6:11]), values, max_size=5) | scalars, max_size=4)
likely = st.dictionaries(names, values, max_size=6)
likely |= st.fixed_dictionaries({"slots": slots, "status": scalars, "seq": scalars})
likely |= st.fixed_dictionaries(
    {"type": st.sampled_from(WORDS), "data": values, "powerbank_sn": scalars, "ts": scalars}
)


def exactly(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


def check(topic: str, payload: bytes, *, strict: bool = False) -> Decoded | Undecodable:
    route = find_route(topic)
    assert route is not None
    assert route.imei == IMEI
    found = route.protocol.decode(topic, payload, NOW, StationFacts(refuse_wrong_check_codes=strict))
    if isinstance(found, Undecodable):
        assert isinstance(found.reason, Reason)
        stored = json.dumps(asdict(found), allow_nan=False, ensure_ascii=False)
    else:
        assert found.events
        events = [asdict(event) for event in found.events]
        stored = json.dumps([events, found.notes], default=str, allow_nan=False, ensure_ascii=False)
    # PostgreSQL keeps neither of these in a text, and half a pair of surrogates cannot be written as UTF-8.
    assert "\\u0000" not in stored
    stored.encode()
    return found


@given(topic=st.sampled_from(JSON_TOPICS + FRAME_TOPICS), payload=st.binary(max_size=300), strict=st.booleans())
def test_any_bytes_are_decoded_or_refused(topic: str, payload: bytes, strict: bool) -> None:
    check(topic, payload, strict=strict)


@settings(max_examples=200 * THOROUGH)
@given(topic=st.sampled_from(JSON_TOPICS), body=likely | values)
@example(topic=JSON_TOPICS[0], body={"slots": [{"slot_number": 1, "powerbank_sn": "\ud800", "status": "ok"}]})
@example(topic=JSON_TOPICS[1], body={"type": "boot", "data": {"\x00": ["\ud8ff", float("nan"), 10**400]}})
def test_any_json_is_decoded_or_refused(topic: str, body: Any) -> None:
    check(topic, json.dumps(body).encode())


slot_values = {
    "slot_number": st.integers(-1, 300) | scalars,
    "status": st.sampled_from(["ok", "locked"]) | scalars,
    "powerbank_sn": st.none() | st.from_regex(SERIAL, fullmatch=True) | scalars,
    "battery_level": st.none() | st.integers(-1, 101) | scalars,
    "temperature": st.none() | st.floats(-101, 301) | scalars,
    "metadata": st.none() | st.just({}) | values,
}


@settings(max_examples=300 * THOROUGH)
@given(raw=st.fixed_dictionaries({}, optional=slot_values))
@example(raw={"slot_number": 1, "status": "ok", "powerbank_sn": "1", "battery_level": 50, "temperature": 26.5})
@example(raw={"slot_number": True, "status": "ok", "powerbank_sn": "1", "battery_level": 50})
@example(raw={"slot_number": 1, "status": "ok", "powerbank_sn": "1", "battery_level": True})
@example(raw={"slot_number": 1, "status": "ok", "battery_level": 50})
@example(raw={"slot_number": 1, "status": "ok", "powerbank_sn": None, "metadata": []})
@example(raw={"slot_number": 1, "status": "ok", "powerbank_sn": "1", "temperature": float("nan")})
def test_the_short_way_through_a_slot_ends_where_the_long_one_does(raw: dict[str, Any]) -> None:
    quick, notes = json_v1._read_plain_slot(raw), list[Note]()
    if quick is not None:
        assert (quick, notes) == (json_v1._read_slot(Fields(raw, notes)), [])


def test_a_plain_slot_is_read_the_short_way() -> None:
    bank = {"slot_number": 1, "status": "ok", "powerbank_sn": "1", "battery_level": 50, "temperature": 26.5}
    empty = {"slot_number": 2, "status": "ok", "powerbank_sn": None, "battery_level": None, "metadata": {}}
    assert json_v1._read_plain_slot(bank) == (1, Works.OK, Seen.BANK, "1", 50, 26.5, None, {})
    assert json_v1._read_plain_slot(empty) == (2, Works.OK, Seen.EMPTY, None, None, None, None, {})


@pytest.mark.parametrize("odd", ["NaN", '"\\ud800"', "1" + "0" * 40, "1e999"])
def test_what_is_not_quite_json_costs_its_field_and_not_the_message(odd: str) -> None:
    text = f'{{"seq": {odd}, "status": "online", "slots": [{{"slot_number": 1, "status": "ok", "powerbank_sn": "7"}}]}}'
    found = check(JSON_TOPICS[0], text.encode())
    assert isinstance(found, Decoded)
    assert [note.detail for note in found.notes] == ["seq"]
    assert found.events[1].slots[0].serial == "7"  # type: ignore[union-attr]


@settings(max_examples=200 * THOROUGH)
@given(
    topic=st.sampled_from(FRAME_TOPICS),
    command=st.sampled_from([0x10, 0x31, 0x21, 0x40, 0x28, 0x7A]),
    body=st.binary(max_size=200)
    | st.integers(1, 5).flatmap(lambda boards: exactly(66 * boards))
    | st.sampled_from([4, 7, 10, 16]).flatmap(exactly),
)
def test_any_frame_is_decoded_or_refused(topic: str, command: int, body: bytes) -> None:
    check(topic, frame(command, body), strict=True)


@given(
    start=st.sampled_from([(FRAME_TOPICS[1], PUBLISHED_HEARTBEAT), (FRAME_TOPICS[0], PUBLISHED_SNAPSHOT)]),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=5),
    cut=st.integers(0, 137),
)
def test_any_damaged_frame_is_decoded_or_refused(
    start: tuple[str, bytes], changes: list[tuple[int, int]], cut: int
) -> None:
    topic, good = start
    damaged = bytearray(good)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    check(topic, bytes(damaged))
    check(topic, bytes(damaged[:cut]))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_no_message_of_the_corpus_raises(path: Path) -> None:
    payload = path.read_bytes()
    for topic in JSON_TOPICS + FRAME_TOPICS:
        check(topic, payload)


def _seconds(topic: str, payload: bytes) -> float:
    began = time.thread_time()
    check(topic, payload)
    return time.thread_time() - began


def test_no_message_takes_long() -> None:
    many_slots = json.dumps({"slots": [{"slot_number": 1}] * 3000}).encode()
    wide = json.dumps({"type": "boot", "data": {str(number): [[[number]]] for number in range(3000)}}).encode()
    digits = b'{"seq": [' + b",".join([b"9" * 4000] * 15) + b"]}"
    boards = frame(0x10, bytes(66) * ((MAX_PAYLOAD - 5) // 66))
    signals = frame(0x7A, b"\x10" + b"CSQ:1;" * 10_000)
    for payload in (many_slots, wide, digits, b'{"a":' * 900 + b"1" + b"}" * 900, boards, signals):
        assert len(payload) <= MAX_PAYLOAD
        for topic in JSON_TOPICS + FRAME_TOPICS:
            assert min(_seconds(topic, payload) for _ in range(3)) < 0.5, "even when nobody collects garbage meanwhile"


@given(topic=st.text(max_size=200) | st.from_regex(r"/?(stations|powerbank)/[^/]*/(user/)?[a-z/]*"))
def test_any_topic_leads_to_one_station_or_none(topic: str) -> None:
    route = find_route(topic)
    if route is not None:
        assert topic.strip("/").split("/")[1] == route.imei
