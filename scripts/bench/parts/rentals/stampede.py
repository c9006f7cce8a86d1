"""Plays people who all want to start at once: `python -m scripts.bench.parts.rentals.stampede HOST:PORT < plan.json`.

The plan names people, stations, the package, the rate and the seconds. At each moment of the rate somebody asks who has
no rental yet, whether or not those before have their answer; whoever was refused asks again later with the same key.
It speaks HTTP over bare sockets, and costs less than what it measures. It prints each answer as a line of JSON.
"""

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any
from uuid import uuid4

PATIENCE = 30.0  # seconds


class Crowd:
    def __init__(self, address: str, plan: dict[str, Any]) -> None:
        self.host, _, self.port = address.partition(":")
        self.plan = plan
        self.waiting = deque((token, str(uuid4())) for token in plan["tokens"])
        self.idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.answers: list[dict[str, Any]] = []

    async def rush(self) -> None:
        began, asking = time.monotonic(), set[asyncio.Task[None]]()
        for number in range(round(self.plan["rate"] * self.plan["seconds"])):
            await asyncio.sleep(max(0.0, began + number / self.plan["rate"] - time.monotonic()))
            if not self.waiting:
                break
            task = asyncio.create_task(self.ask(number, *self.waiting.popleft()))
            asking.add(task)
            task.add_done_callback(asking.discard)
        await asyncio.gather(*asking)

    async def ask(self, number: int, token: str, key: str) -> None:
        stations = self.plan["stations"]
        body = {"station_sn": stations[number % len(stations)], "package_id": self.plan["package"]}
        answer: dict[str, Any] = {"began": time.time(), "code": "no answer", "rental_id": None, "retry_after": None}
        try:
            async with asyncio.timeout(PATIENCE):
                status, retry_after, said = await self.ask_again_if_closed(
                    json.dumps(body | {"payment_method": "wallet_only"}).encode(), token, key
                )
            answer["code"] = said.get("code", str(status))
            answer["rental_id"], answer["retry_after"] = said.get("rental_id"), retry_after
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            pass
        answer["ended"] = time.time()
        self.answers.append(answer)
        if answer["rental_id"] is None:
            self.waiting.append((token, key))

    async def ask_again_if_closed(self, body: bytes, token: str, key: str) -> tuple[int, int | None, dict[str, Any]]:
        """Ask once more where the server closed a connection that nobody had used for some seconds."""
        try:
            return await self.post(body, token, key)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.idle.clear()
            return await self.post(body, token, key)

    async def post(self, body: bytes, token: str, key: str) -> tuple[int, int | None, dict[str, Any]]:
        reader, writer = self.idle.pop() if self.idle else await asyncio.open_connection(self.host, int(self.port))
        head = (
            f"POST /api/rentals/initiate HTTP/1.1\r\nHost: {self.host}\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        said = json.loads(await reader.readexactly(int(headers["content-length"])))
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        retry_after = headers.get("retry-after")
        return int(lines[0].split()[1]), int(retry_after) if retry_after else None, said


def main() -> None:
    crowd = Crowd(sys.argv[1], json.load(sys.stdin))
    asyncio.run(crowd.rush())
    for answer in crowd.answers:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
