"""Many stations' heartbeats over one connection, at a rate: port, password, stations, rate, seconds, share changing.

It writes MQTT packets by itself, because a client library would need the core that is to be measured.
"""

import random
import socket
import struct
import sys
import time

SLOTS, BANKS = 8, 6
MOST_UNANSWERED = 60_000  # packet ids


def imei(number: int) -> str:
    return f"86{number:013d}"


def serial(number: int, slot: int) -> str:
    return str(1_000_000_000 + number * 10 + slot)


def slots_of(number: int, charge: int) -> str:
    parts = []
    for slot in range(1, SLOTS + 1):
        if slot <= BANKS:
            held = f'"powerbank_sn":"{serial(number, slot)}","battery_level":{charge if slot == 1 else 95},'
            parts.append(f'{{"slot_number":{slot},"status":"ok",{held}"temperature":26.0,"metadata":{{}}}}')
        else:
            parts.append(f'{{"slot_number":{slot},"status":"ok","powerbank_sn":null,"metadata":{{}}}}')
    return ",".join(parts)


def body(number: int, seq: int, charge: int, sent: float) -> bytes:
    return (
        f'{{"sent":{sent:17.6f},"boot_id":1,"seq":{seq},"ts":{sent:.3f},"status":"online",'
        f'"hardware_info":{{"firmware":"1.0"}},"slots":[{slots_of(number, charge)}]}}'
    ).encode()


def length(count: int) -> bytes:
    parts = bytearray()
    while True:
        count, low = divmod(count, 128)
        parts.append(low | (128 if count else 0))
        if not count:
            return bytes(parts)


def packet(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    rest = struct.pack("!H", len(topic)) + topic + struct.pack("!H", packet_id) + payload
    return b"\x32" + length(len(rest)) + rest


def connect(port: int, password: str) -> socket.socket:
    def text(value: str) -> bytes:
        return struct.pack("!H", len(value)) + value.encode()

    rest = (
        text("MQTT") + b"\x04\xc2" + struct.pack("!H", 600) + text("bench-sender") + text("powerbank") + text(password)
    )
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(b"\x10" + length(len(rest)) + rest)
    if link.recv(4)[3:] != b"\x00":
        raise SystemExit("the broker refuses the sender")
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def main() -> None:
    port, password, stations, rate, seconds, changing = sys.argv[1:]
    link = connect(int(port), password)
    link.setblocking(False)
    dice = random.Random(1)  # noqa: S311
    charges = [90] * int(stations)
    count, sent, answered, left = int(float(rate) * float(seconds)), 0, 0, b""
    began = time.time()
    while answered < count * 4:  # a PUBACK has four bytes
        due = min(count, int((time.time() - began) * float(rate)))
        while sent < due and len(left) < 1_000_000 and sent * 4 - answered < MOST_UNANSWERED * 4:
            number, round_ = sent % int(stations), sent // int(stations)
            if dice.random() < float(changing):
                charges[number] = 60 + (charges[number] + 1) % 40
            payload = body(number, round_ + 2, charges[number], time.time())
            left += packet(f"stations/{imei(number)}/heartbeat".encode(), payload, sent % 65535 + 1)
            sent += 1
        try:
            left = left[link.send(left) :] if left else left
            answered += len(link.recv(65536))
        except BlockingIOError:
            time.sleep(0.001)
    print(f"{count / (time.time() - began):.0f}")


if __name__ == "__main__":
    main()
