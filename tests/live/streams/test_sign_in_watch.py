"""Sign-ins that cannot be looked up: what was announced is believed, all else for a minute."""

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from powerbank.live.streams import sign_in_watch
from powerbank.live.streams.audience import Audience
from powerbank.live.streams.connection import Connection
from powerbank.live.streams.events import Reason
from powerbank.live.streams.sign_in_watch import SignInWatch
from powerbank.live.tickets import Admission


class Transport:
    def __init__(self) -> None:
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        """The reader has all of it."""

    abort = close


class Bench:
    """A watch over the streams of some people. Database errors are what `answer` raises."""

    def __init__(self, people: Collection[str], answer: Callable[[Collection[tuple[str, str]]], Mapping[str, Reason]]):
        self.audience = Audience()
        self.transports = {person: Transport() for person in people}
        for person, transport in self.transports.items():
            stream = Connection(cast(Any, None))
            stream.transport = cast(Any, transport)
            stream.open = True
            self.audience.admit(stream, Admission(person, f"session of {person}", ("me",)))
        self.watch = SignInWatch(self.audience, answer)

    def ended(self) -> dict[str, str]:
        return {
            person: next(reason.value for reason in Reason if f'"{reason}"'.encode() in transport.written)
            for person, transport in self.transports.items()
            if transport.written
        }

    async def until_ended(self, count: int) -> None:
        for _ in range(2000):
            if len(self.ended()) >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.ended())


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def beside() -> None:
        await test()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    # It runs in a thread of its own, because a browser that an earlier test has opened keeps a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, beside()).result()


def fail(_held: object) -> Mapping[str, Reason]:
    raise ConnectionError("the database is away")


def hang(_held: object) -> Mapping[str, Reason]:
    time.sleep(0.5)
    return {}


@pytest.mark.parametrize("answer", [fail, hang], ids=["away", "frozen"])
def test_streams_of_which_something_was_announced_end_and_others_stay(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[object], Mapping[str, Reason]]
) -> None:
    monkeypatch.setattr(sign_in_watch, "ANSWER_WITHIN", 0.05)

    async def test() -> None:
        bench = Bench(["user:a", "user:b"], answer)
        task = asyncio.create_task(bench.watch.run())
        await asyncio.sleep(0.2)
        assert bench.ended() == {}
        assert bench.watch.database_away
        bench.watch.look_at(["user:a", "user:nobody"])
        await bench.until_ended(1)
        assert bench.ended() == {"user:a": "unavailable"}
        assert not task.done()

    run(test)


def test_after_a_minute_no_sign_in_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_watch, "UNKNOWN_FOR", 0.2)
    monkeypatch.setattr(sign_in_watch, "LOOK_EVERY", 0.05)

    async def test() -> None:
        bench = Bench(["user:a", "user:b"], fail)
        task = asyncio.create_task(bench.watch.run())
        await bench.until_ended(2)
        assert bench.ended() == {"user:a": "unavailable", "user:b": "unavailable"}
        assert not task.done()

    run(test)


def test_a_database_that_is_back_is_believed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_watch, "LOOK_EVERY", 0.05)
    away = [True]

    def answer(held: Collection[tuple[str, str]]) -> Mapping[str, Reason]:
        return fail(held) if away[0] else {"session of user:b": Reason.BLOCKED}

    async def test() -> None:
        bench = Bench(["user:a", "user:b"], answer)
        task = asyncio.create_task(bench.watch.run())
        await asyncio.sleep(0.2)
        away[0] = False
        await bench.until_ended(1)
        assert bench.ended() == {"user:b": "blocked"}
        assert not bench.watch.database_away
        assert not task.done()

    run(test)
