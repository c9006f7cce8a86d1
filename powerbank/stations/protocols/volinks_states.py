"""Translate the states in the frames of `volinks-v1`."""

from collections.abc import Mapping
from typing import NamedTuple

from powerbank.stations.protocols.events import Proof, Works


class HoleState(NamedTuple):
    works: Works
    fault: str | None


HOLE_STATES: Mapping[int, HoleState] = {
    0x00: HoleState(Works.OK, None),
    0x01: HoleState(Works.OK, None),
    0x02: HoleState(Works.FAULTY, "charging_abnormal"),
    0x03: HoleState(Works.FAULTY, "communication"),
    0x04: HoleState(Works.FAULTY, "damaged"),
    0x05: HoleState(Works.FAULTY, "released_by_key"),
    0x06: HoleState(Works.FAULTY, "solenoid_not_back"),
    0x08: HoleState(Works.FAULTY, "anti_theft"),
    0x09: HoleState(Works.FAULTY, "short_circuit"),
    0x0A: HoleState(Works.FAULTY, "return_stuck"),
}


class EjectState(NamedTuple):
    name: str
    proof: Proof


# Only a serial that was read after the attempt proves that the bank is in. A refusal proves less than it seems to: it
# may answer an earlier command that is still running or has run. A cabinet says `FC` also of a bank that it has just
# ejected, `FE` and `FD` while it ejects, and `88` of an earlier command. A snapshot settles all of them.
EJECT_STATES: Mapping[int, EjectState] = {
    0x00: EjectState("failed", Proof.NONE),
    0x01: EjectState("ejected", Proof.OUT),
    0x11: EjectState("serial_port_timeout", Proof.NONE),
    0x12: EjectState("not_ejected", Proof.IN),
    0x87: EjectState("no_timestamp", Proof.NONE),
    0x88: EjectState("ttl_exceeded", Proof.NONE),
    0xFB: EjectState("no_bank_meets_request", Proof.NONE),
    0xFC: EjectState("serial_not_found", Proof.NONE),
    0xFD: EjectState("task_pool_full", Proof.NONE),
    0xFE: EjectState("previous_rental_not_finished", Proof.NONE),
    0xFF: EjectState("not_parsed", Proof.NONE),
}

RETURNED, UNTIL_SELF_TEST = 0x01, 0x24
RETURN_STATES: Mapping[int, str] = {
    0x00: "failed",
    0x01: "returned",
    0x10: "wrong_region",
    0x11: "no_serial",
    0x12: "no_measurements",
    0x13: "no_versions",
    0x14: "lock_failed",
    0x21: "no_serial_motor_failed",
    0x22: "no_measurements_motor_failed",
    0x23: "lock_failed_motor_failed",
    0x24: "anti_theft_failed",
}
