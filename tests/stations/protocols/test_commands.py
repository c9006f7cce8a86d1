"""Commands are encoded as the messages of each protocol, or are refused."""

import json
from datetime import timedelta
from typing import Any

import pytest

from powerbank.stations.protocols import PROTOCOLS
from powerbank.stations.protocols.commands import (
    Command,
    Eject,
    EncodedCommand,
    GetStatus,
    LockSlot,
    Maintenance,
    OutgoingMessage,
    Reboot,
    ResetSlot,
    UnlockSlot,
    Unsupported,
    UpdateFirmware,
)
from tests.stations.protocols.examples import IMEI, NOW

WHEN: dict[str, Any] = {"command_id": "c1", "issued_at": NOW, "deadline": NOW + timedelta(seconds=30)}
EJECT = Eject(serial="85019121", slot=3, rental_id="r1", **WHEN)
ALL: list[tuple[Command, str, dict[str, Any]]] = [
    (EJECT, "eject_powerbank", {"slot_number": 3, "powerbank_sn": "85019121", "rental_id": "r1"}),
    (GetStatus(**WHEN), "get_status", {}),
    (LockSlot(slot=2, **WHEN), "lock_slot", {"slot_number": 2}),
    (UnlockSlot(slot=2, **WHEN), "unlock_slot", {"slot_number": 2}),
    (ResetSlot(slot=2, **WHEN), "reset_slot", {"slot_number": 2}),
    (Maintenance(enable=True, **WHEN), "maintenance_mode", {"enable": True}),
    (Reboot(**WHEN), "reboot", {}),
    (
        UpdateFirmware(url="https://example.com/2.bin", sha256="0" * 64, version="2", **WHEN),
        "update_firmware",
        {"url": "https://example.com/2.bin", "sha256": "0" * 64, "version": "2"},
    ),
]
KINDS = [type(command) for command, _, _ in ALL]


def encode(protocol: str, command: Command) -> EncodedCommand | Unsupported:
    return PROTOCOLS[protocol].encode(command, IMEI)


@pytest.mark.parametrize(("command", "word", "parameters"), ALL)
def test_json_v1_has_every_command(command: Command, word: str, parameters: dict[str, Any]) -> None:
    found = encode("json-v1", command)
    assert isinstance(found, EncodedCommand)
    assert (found.message.topic, found.message.qos) == (f"stations/{IMEI}/commands", 2)
    assert json.loads(found.message.payload) == {
        "command_id": "c1",
        "command": word,
        "timestamp": "2026-03-01T12:00:00.000Z",
        "expires_at": "2026-03-01T12:00:30.000Z",
        "parameters": parameters,
    }


def test_volinks_v1_ejects_at_qos_0_and_tells_how_long_the_cabinet_takes() -> None:
    def down(**words: str) -> OutgoingMessage:
        return OutgoingMessage(f"/powerbank/{IMEI}/user/get", json.dumps(words).encode(), qos=0)

    popup = down(cmd="popup_sn", data="85019121", timestamp="1772366400", ttl="30")
    assert encode("volinks-v1", EJECT) == EncodedCommand(popup, settling_seconds=5)
    assert encode("volinks-v1", GetStatus(**WHEN)) == EncodedCommand(down(cmd="check"))
    assert encode("volinks-v1", Reboot(**WHEN)) == EncodedCommand(down(cmd="reboot"))


@pytest.mark.parametrize("serial", ["", "0", "-1", "PB-1", "4294967296", "9" * 5000, "\u0661", "1_0", " 1"])
def test_volinks_v1_ejects_only_what_can_be_its_serial(serial: str) -> None:
    found = encode("volinks-v1", Eject(serial=serial, slot=1, **WHEN))
    assert isinstance(found, Unsupported)


def test_what_a_protocol_says_that_it_supports_is_what_it_encodes() -> None:
    for protocol in PROTOCOLS.values():
        done = {type(command) for command, _, _ in ALL if isinstance(protocol.encode(command, IMEI), EncodedCommand)}
        assert done == protocol.supports
