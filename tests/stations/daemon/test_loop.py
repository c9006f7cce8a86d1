"""The daemon at a real broker, while servers break: its state equals what was sent, and everything happens once."""

import itertools
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.stations.commands import services as commanding
from powerbank.stations.custody import queries as custody_queries
from scripts.simulation import Simulator, StationSpec, generate
from tests.stations import prepared
from tests.stations.network import Load, Network

pytestmark = pytest.mark.faults

STATIONS = generate(20, seed=5, filled=0).stations
SLOTS = 8
BANKS = 128  # sixteen stations, full in the end
ROUNDS = 16  # eight banks in each come back
RATE = 250  # keeps a daemon busy, as each batch has news; for four seconds, longer than what fails is away


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


def kill_the_daemon(net: Network) -> None:
    for _ in range(3):
        writes(net)
        for pid in net.listening():
            signal_daemon(net, pid, signal.SIGKILL)
        net.daemon()
        net.wait(net.listening, "a daemon listens again", 30)


def writes(net: Network) -> None:
    """Wait until the daemon is in the middle of a batch: what it has begun to write is not committed yet."""
    begun = "SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock'"
    net.wait(lambda: net.rows(begun), "the daemon writes")


def signal_daemon(net: Network, pid: int, number: signal.Signals) -> None:
    next(process for process in net._processes if process.pid == pid).send_signal(number)


def restart_the_broker(net: Network) -> None:
    if net.broker.kind == "mosquitto":
        net.broker.stop()  # killed, it forgets what it took in the seconds since it last wrote to its disk
    else:
        net.broker.kill()
    time.sleep(1)
    net.broker.start()


def restart_the_database(net: Network) -> None:
    writes(net)
    net.postgres.stop("immediate")
    time.sleep(2)
    net.postgres.start()


def wipe_redis(net: Network) -> None:
    net.redis.kill()
    net.redis.wipe()


def messages(serials: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Make heartbeats of all stations over and over, and between them the return of each bank, once.

    All are sent twice.
    """
    seq = itertools.count(1)
    contents: dict[str, dict[int, str]] = {spec.imei: {} for spec in STATIONS}
    left = iter(serials)
    for turn in range(ROUNDS):
        for number, spec in enumerate(STATIONS):
            slots = contents[spec.imei]
            place = {"boot_id": 1, "ts": datetime.now(UTC).isoformat()}
            if number // 8 == turn % 2 and (serial := next(left, None)):
                slot = len(slots) + 1
                slots[slot] = serial
                event = {
                    "event_id": f"r-{serial}",
                    "seq": next(seq),
                    "type": "returned",
                    "slot_number": slot,
                    "powerbank_sn": serial,
                    "battery_level": 50,
                    **place,
                }
                for _ in range(2):
                    yield f"stations/{spec.imei}/events", event
            shown = [
                {
                    "slot_number": each,
                    "status": "ok",
                    "powerbank_sn": slots.get(each),
                    "battery_level": 50 if each in slots else None,
                }
                for each in range(1, SLOTS + 1)
            ]
            beat = {"seq": next(seq), "status": "online", "slots": shown, **place}
            for _ in range(2):
                yield f"stations/{spec.imei}/heartbeat", beat
    assert next(left, None) is None


@pytest.mark.parametrize("fault", [kill_the_daemon, restart_the_broker, restart_the_database, wipe_redis])
def test_no_message_is_lost_or_applied_twice(net: Network, fault: Callable[[Network], None]) -> None:
    serials = [str(70_000_000 + number) for number in range(BANKS)]
    net.register(STATIONS)
    net.rented_out(serials)
    net.daemon()
    net.wait(net.listening, "the daemon listens")
    load = Load(net.broker, messages(serials), rate=RATE).start()
    told = "SELECT arguments ->> 'rental_id' AS rental, count(*) FROM outbox_jobs WHERE job = 'test_heard' GROUP BY 1"
    net.wait(lambda: net.rows(told), "the first returns are told")
    assert len(net.rows(told)) < BANKS / 2, "the fault comes too late to hit the others"
    fault(net)
    assert load.done.wait(120)
    assert not load.failed
    net.wait(lambda: len(net.rows(told)) >= BANKS, "every return is told")
    assert {count for _, count in net.rows(told)} == {1}
    assert net.value("SELECT count(*) FROM custody WHERE place = 'slot' AND cause = 'returned'") == BANKS
    assert net.value("SELECT count(*) FROM slots WHERE bank_serial IS NOT NULL") == BANKS
    # Each bank is reported by its event, and a heartbeat names it too if the event was lost. A message that was on its
    # way when the daemon or the broker fell comes again only after NATS has waited ten seconds for its acknowledgement.
    kept = "SELECT count(*) FROM station_messages WHERE key IS NOT NULL"
    net.wait(lambda: net.value(kept) == BANKS, "every event is kept", 30)
    assert {count for _, count in net.rows(told)} == {1}
    wrong = "SELECT count(*) FROM station_messages WHERE outcome IN ('failed', 'undecodable')"
    assert net.value(wrong) == 0, net.log()
    assert net.value("SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL") == 0


def test_a_standby_takes_over_and_a_paused_one_does_not_come_back(net: Network) -> None:
    net.register(STATIONS)
    first = net.daemon()
    net.wait(lambda: net.listening() == {first.pid}, "the first listens")
    second = net.daemon()
    net.wait(lambda: bool(net.rows(f"SELECT 1 FROM heartbeats WHERE pid = {second.pid}")), "the second is up")
    assert net.listening() == {first.pid}
    first.send_signal(signal.SIGSTOP)
    net.wait(lambda: net.listening() == {second.pid}, "the second takes over")
    first.send_signal(signal.SIGCONT)
    net.wait(
        lambda: net.value(f"SELECT queues[1] FROM heartbeats WHERE pid = {first.pid}") == "stands by",
        "the first stands by",
    )
    assert net.listening() == {second.pid}
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    net.wait(lambda: net.listening() == {first.pid}, "the first takes over")


def eject(net: Network, spec: StationSpec, slot: int, *, seconds: int = 5) -> str:
    with net.app.app_context():
        with transaction():
            rental = new_id()
            prepared.reserve_bank(custody_queries.lock_bank(spec.serials[slot - 1]).id, rental_id=rental)
            command = commanding.request_command(
                station_id=net.ids[spec.imei],
                command="eject_powerbank",
                requested_by="rental",
                now=utcnow(),
                parameters={"slot_number": slot, "powerbank_sn": spec.serials[slot - 1]},
                rental_id=rental,
                deadline_seconds=seconds,
            )
            made = str(command.id)
        db.session.remove()
    return made


def outcome(net: Network, command_id: str) -> tuple[str, str | None]:
    [(status, proof)] = net.rows(
        f"SELECT status, response ->> 'proof' FROM station_commands WHERE id = '{command_id}'"
    ) or [("", None)]
    return status, proof


def place(net: Network, serial: str) -> str | None:
    found: str | None = net.value(
        "SELECT place FROM custody JOIN power_banks b ON b.id = bank_id WHERE upper_inf(period)"
        f" AND serial = '{serial}'"
    )
    return found


def test_banks_go_out_and_come_back(net: Network, played: Callable[..., Simulator]) -> None:
    one = generate(1, seed=6).stations[0]
    other = generate(1, protocol="volinks-v1", seed=7).stations[0]
    simulator = played([one, other])
    for spec, elsewhere in ((one, other), (other, one)):
        command = eject(net, spec, 1)
        net.wait(lambda c=command: outcome(net, c) == ("succeeded", "confirmed"), "the ejection is confirmed")
        serial = spec.serials[0]
        assert place(net, serial) == "user"
        simulator.wait_for(lambda s=serial: s in simulator.hands)
        simulator.station(elsewhere.imei).return_bank(serial)
        net.wait(lambda s=serial: place(net, s) == "slot", "the bank is back")
    assert net.value("SELECT count(*) FROM outbox_jobs WHERE job = 'test_heard'") == 2
    assert net.value("SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL") == 0


WRONG = {
    "refuse": ("failed", {"refused", "still_in"}, "slot"),
    "no_answer": ("failed", {"still_in"}, "slot"),
    "silent_eject": ("succeeded", {"snapshot"}, "user"),
}


def test_ejections_that_go_wrong_are_settled_as_they_happened(net: Network, played: Callable[..., Simulator]) -> None:
    """With both protocols, all at once: what is settled is what happened, and nothing was asked for twice."""
    specs = [*generate(3, seed=8).stations, *generate(3, protocol="volinks-v1", seed=9).stations]
    simulator = played(specs)
    commands = {}
    for spec, fault in zip(specs, [*WRONG, *WRONG], strict=True):
        simulator.station(spec.imei).fault(fault, times=1)
        commands[spec.imei] = (eject(net, spec, 2), fault)
    for spec in specs:
        command, fault = commands[spec.imei]
        status, proofs, where = WRONG[fault]
        net.wait(lambda c=command, s=status: outcome(net, c)[0] == s, f"{spec.protocol} {fault} is settled")  # type: ignore[misc]
        assert outcome(net, command)[1] in proofs
        assert place(net, spec.serials[1]) == where
        down = simulator.station(spec.imei).traffic("down")
        assert sum(b"eject" in each.payload or b"popup" in each.payload for each in down) == 1
    told = net.value("SELECT count(*) FROM station_commands WHERE command = 'eject_powerbank' AND attempts <> 1")
    assert told == 0
