"""Write the frames of `volinks-v1` as a cabinet writes them."""

from scripts.simulation.cabinet import Bank, Cabinet, Slot

HEAD = 0xA8
MAIN_BOARD = 0x10
HOLES = 4
AREA = 0
SOFTWARE, HARDWARE = 13, 1


def frame(command: int, body: bytes) -> bytes:
    size = 4 + len(body) + 1
    unchecked = bytes([HEAD]) + size.to_bytes(2) + bytes([command]) + body
    return unchecked + bytes([-sum(unchecked) % 256])


def snapshot(cabinet: Cabinet) -> bytes:
    slots = list(cabinet.slots.values())
    body = b""
    for board, first in enumerate(range(0, len(slots), HOLES), start=1):
        body += bytes([board, 0xFF, 0xFF, 0, 4, 0x16])
        body += b"".join(_hole(slot) for slot in slots[first : first + HOLES])
    return frame(0x10, body)


def _hole(slot: Slot) -> bytes:
    bank = slot.bank
    if bank is None:
        return bytes([slot.number, 0x04 if slot.faulty else 0x00, *[0] * 12, 0x80])
    if not bank.readable:
        return bytes([slot.number, 0x03, *[0] * 12, 0x00])
    state = 0x04 if slot.faulty else 0x01
    measures = [int(bank.charge), int(bank.temperature), 50, 10 if bank.charge < 100 else 0]
    return bytes([slot.number, state, 0, 0xEC, AREA, *_serial(bank), *measures, SOFTWARE, 0x00])


def ejected_by_serial(hole: int, serial: int, state: int) -> bytes:
    return frame(0x31, bytes([hole, *serial.to_bytes(4), state, 0]))


def ejected_by_hole(hole: int, state: int) -> bytes:
    return frame(0x21, bytes([MAIN_BOARD, hole, state, 0]))


def returned(slot: Slot, bank: Bank, state: int) -> bytes:
    return frame(0x40, bytes([MAIN_BOARD, slot.number, AREA, *_serial(bank), state, SOFTWARE, int(bank.charge)]))


def self_test(slot: Slot, bank: Bank, state: int) -> bytes:
    measures = [int(bank.charge), int(bank.temperature), 50, 10, SOFTWARE, HARDWARE]
    return frame(0x28, bytes([MAIN_BOARD, slot.number, state, 0, 0, AREA, *_serial(bank), *measures]))


def heartbeat(signal: int, backup_power: int = 0) -> bytes:
    return frame(0x7A, bytes([MAIN_BOARD]) + f"CSQ:{signal};BP:{backup_power}".encode())


def _serial(bank: Bank) -> bytes:
    return int(bank.serial).to_bytes(4) if bank.readable else bytes(4)
