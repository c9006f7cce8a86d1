"""A broker as small as can be, that shares subscriptions and gives what an absent member held to the others. None of
those that a machine of ours has at hand does so."""

import asyncio
import threading
from collections import defaultdict
from dataclasses import dataclass, field

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, PING, DISCONNECT = 1, 3, 4, 8, 12, 14


def packet(kind: int, body: bytes, flags: int = 0) -> bytes:
    length, size = len(body), b""
    while True:
        length, low = divmod(length, 128)
        size += bytes([low | 0x80 if length else low])
        if not length:
            return bytes([kind << 4 | flags]) + size + body


def text(value: str) -> bytes:
    return len(value.encode()).to_bytes(2) + value.encode()


def matches(pattern: str, topic: str) -> bool:
    wanted, given = pattern.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted, given = wanted[:-1], given[: len(wanted) - 1]
    return len(wanted) == len(given) and all(one in ("+", other) for one, other in zip(wanted, given, strict=True))


@dataclass(eq=False)
class Member:
    writer: asyncio.StreamWriter
    last: int = 0
    held: dict[int, tuple[str, str, bytes]] = field(default_factory=dict)  # share, topic, payload

    def give(self, share: str, topic: str, payload: bytes, *, again: bool = False) -> None:
        self.last = self.last % 65535 + 1
        self.held[self.last] = (share, topic, payload)
        body = text(topic) + self.last.to_bytes(2) + payload
        self.writer.write(packet(PUBLISH, body, 0b1010 if again else 0b0010))


class SharingBroker:
    def __init__(self) -> None:
        self.port = 0
        self.waiting: list[tuple[str, str, bytes]] = []
        self._shares: dict[str, list[Member]] = defaultdict(list)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"mqtt://powerbank:x@127.0.0.1:{self.port}"

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        member = Member(writer)
        try:
            while (head := await reader.readexactly(1)) and head[0] >> 4 != DISCONNECT:
                size = shift = 0
                while (byte := (await reader.readexactly(1))[0]) & 0x80:
                    size, shift = size | (byte & 0x7F) << shift, shift + 7
                self._take(member, head[0], await reader.readexactly(size | byte << shift))
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
            self._gone(member)

    def _take(self, member: Member, head: int, body: bytes) -> None:
        kind = head >> 4
        if kind == CONNECT:
            member.writer.write(packet(2, b"\x00\x00"))
        elif kind == PING:
            member.writer.write(packet(13, b""))
        elif kind == PUBACK:
            member.held.pop(int.from_bytes(body), None)
        elif kind == SUBSCRIBE:
            self._subscribe(member, body)
        elif kind == PUBLISH:
            end = 2 + int.from_bytes(body[:2])
            topic, rest = body[2:end].decode(), body[end:]
            if head & 0b0110:
                member.writer.write(packet(PUBACK, rest[:2]))
                rest = rest[2:]
            for share in [one for one in self._shares if matches(one.split("/", 2)[2], topic)]:
                self._give(share, topic, rest)

    def _subscribe(self, member: Member, body: bytes) -> None:
        at, granted = 2, b""
        while at < len(body):
            end = at + 2 + int.from_bytes(body[at : at + 2])
            share = body[at + 2 : end].decode()
            assert share.startswith("$share/"), "it can nothing else"
            self._shares[share].append(member)
            granted, at = granted + body[end : end + 1], end + 1
        member.writer.write(packet(9, body[:2] + granted))
        kept, self.waiting = self.waiting, []
        for each in kept:
            self._give(*each, again=True)

    def _give(self, share: str, topic: str, payload: bytes, *, again: bool = False) -> None:
        members = self._shares[share]
        if not members:
            self.waiting.append((share, topic, payload))
            return
        members.append(members.pop(0))  # each in turn
        members[-1].give(share, topic, payload, again=again)

    def _gone(self, member: Member) -> None:
        for members in self._shares.values():
            if member in members:
                members.remove(member)
        for held in member.held.values():
            self._give(*held, again=True)
