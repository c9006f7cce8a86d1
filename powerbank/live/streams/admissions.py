"""Takes the tickets of those who come. Who comes at the same time shares a round trip to Redis."""

import asyncio

from redis import Redis

from powerbank.live import tickets
from powerbank.live.tickets import Admission

MOST_TOGETHER = 500


class Admissions:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: list[tuple[str, asyncio.Future[Admission | None]]] = []
        self._taking: asyncio.Task[None] | None = None

    def admit(self, ticket: str) -> "asyncio.Future[Admission | None]":
        """Answer what the ticket opens; None for one that is no good. Raises RedisError while that cannot be known."""
        answer: asyncio.Future[Admission | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((ticket, answer))
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._take_all())
        return answer

    async def _take_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            asked = [ticket for ticket, _ in together]
            try:
                found = await asyncio.to_thread(tickets.take_tickets, self._redis, asked)
            except Exception as error:  # each of those who wait is told
                for _, answer in together:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), admission in zip(together, found, strict=True):
                if not answer.done():
                    answer.set_result(admission)
