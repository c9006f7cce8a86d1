"""Finds the streams whose sign-in has ended, and closes them.

Whoever ends a sign-in announces it, so that its streams end at once. Announcements may be lost, so all sign-ins that
have a stream are looked up every two seconds besides, in one statement. While the database cannot be asked nobody can
sign out either, and the streams stay; but only for so long, for it may be this process alone that does not reach it.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping

import structlog

from powerbank.live.streams.audience import Audience
from powerbank.live.streams.connection import Connection
from powerbank.live.streams.events import Reason

log = structlog.get_logger(__name__)

LOOK_EVERY = 2.0  # seconds
ANSWER_WITHIN = 2.0
UNKNOWN_FOR = 60.0  # seconds for which a sign-in counts that could not be looked up

# Takes principals with the ids of their sessions; answers the sessions that have ended, and why.
FindEnded = Callable[[Collection[tuple[str, str]]], Mapping[str, Reason]]


class SignInWatch:
    def __init__(self, audience: Audience, find_ended: FindEnded) -> None:
        self._audience = audience
        self._find_ended = find_ended
        self._announced: set[str] = set()
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._known_at = self._loop.time()
        self._asking: asyncio.Future[Mapping[str, Reason]] | None = None
        self.database_away = False

    @property
    def knows_nothing(self) -> bool:
        """Tell whether the sign-ins could not be looked up for so long that none counts any more."""
        return self._loop.time() - self._known_at > UNKNOWN_FOR

    def look_at(self, principals: Iterable[str]) -> None:
        """Look up the sign-ins of these people and members of staff now."""
        held = [principal for principal in principals if self._audience.streams_of(principal)]
        if held:
            self._announced.update(held)
            self._woken.set()

    async def run(self) -> None:
        look_at = self._loop.time()
        while True:
            await self._wait_until(look_at)
            announced = [each for principal in self._announced for each in self._audience.streams_of(principal)]
            self._announced.clear()
            if self._loop.time() >= look_at:
                look_at = self._loop.time() + LOOK_EVERY
                await self._look([*self._audience], announced)
            else:
                await self._look(announced, announced)

    async def _wait_until(self, moment: float) -> None:
        """Until then, or until something is announced."""
        alarm = self._loop.call_at(moment, self._woken.set)
        await self._woken.wait()
        self._woken.clear()
        alarm.cancel()

    async def _look(self, streams: list[Connection], announced: list[Connection]) -> None:
        asked_at = self._loop.time()
        try:
            ended = await self._ask(streams) if streams else {}
        except Exception as error:
            self._do_without_answer(error, announced)
            return
        self._known_at, self.database_away = asked_at, False
        for reason in {*ended.values()}:
            self._audience.end([each for each in streams if _has_ended(each, ended, reason)], reason)

    async def _ask(self, streams: list[Connection]) -> Mapping[str, Reason]:
        """A database that is frozen answers nobody, so the answer is waited for only so long, and by one thread."""
        if self._asking is not None and not self._asking.done():
            raise TimeoutError("the database has not answered the last question yet")
        held = {(each.admission.principal, each.admission.session_id) for each in streams if each.admission}
        self._asking = asyncio.ensure_future(asyncio.to_thread(self._find_ended, held))
        return await asyncio.wait_for(asyncio.shield(self._asking), ANSWER_WITHIN)

    def _do_without_answer(self, error: Exception, announced: list[Connection]) -> None:
        """Close the streams about which something was announced, and all when nothing has been known for too long."""
        if not self.database_away:
            log.warning("sign-ins cannot be looked up", error=str(getattr(error, "orig", error)).strip()[:200])
        self.database_away = True
        streams = [*self._audience] if self.knows_nothing else announced
        self._audience.end([each for each in streams if each.open], Reason.UNAVAILABLE)


def _has_ended(stream: Connection, ended: Mapping[str, Reason], reason: Reason) -> bool:
    return stream.open and stream.admission is not None and ended.get(stream.admission.session_id) is reason
