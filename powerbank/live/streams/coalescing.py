"""Thin out topics that change often: of each thing one change a second, and of each topic so many.

The first change of a second goes out at once, the newest of those that follow when the second is over. Where more
things have changed than anybody reads one by one, a single change without an id stands for all of them.
"""

from collections import Counter
from collections.abc import Callable

from powerbank.live.changes import Change

EACH = 1.0  # seconds between two changes of one thing
MOST = 50  # changes of one topic a second
# Few things change here, and somebody waits for each of them.
AT_ONCE = ("me:", "rental:")

Key = tuple[str, str, str | None]


class Coalescer:
    def __init__(self, tell: Callable[[str, Change], object]) -> None:
        self._tell = tell
        self._told_at: dict[Key, float] = {}
        self._waiting: dict[Key, Change] = {}
        self._told: Counter[str] = Counter()  # by topic, in the second that began at `_since`
        self._since = 0.0

    def take(self, topic: str, change: Change, now: float) -> None:
        if topic.startswith(AT_ONCE):
            self._tell(topic, change)
            return
        key = (topic, change.kind, change.id)
        if now - self._told_at.get(key, -EACH) < EACH:
            self._waiting[key] = change
            return
        self._pass_on(key, change, now)

    def turn(self, now: float) -> None:
        """Called several times a second: pass on what has waited for long enough."""
        if now - self._since >= EACH:
            self._since = now
            self._told.clear()
            self._told_at = {key: at for key, at in self._told_at.items() if now - at < EACH}
        for key in [key for key in self._waiting if key not in self._told_at or now - self._told_at[key] >= EACH]:
            self._pass_on(key, self._waiting.pop(key), now)

    def _pass_on(self, key: Key, change: Change, now: float) -> None:
        topic, kind, id_ = key
        if self._told[topic] >= MOST and id_ is not None:
            self._waiting[topic, kind, None] = change._replace(id=None, version=None)
            self._told_at.setdefault((topic, kind, None), now)
            return
        self._told[topic] += 1
        self._told_at[key] = now
        self._tell(topic, change)
