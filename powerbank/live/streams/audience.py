"""The open streams of this process: who follows which topic, and whose they are."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from powerbank.live.changes import Change
from powerbank.live.streams import events
from powerbank.live.streams.connection import Connection
from powerbank.live.streams.events import Reason
from powerbank.live.streams.metrics import CLOSED, EVENTS, STREAMS
from powerbank.live.tickets import Admission

MOST_OF_ONE = 10  # streams of one person; beyond them the oldest is closed
BEAT_EVERY = 15  # seconds


class Audience:
    def __init__(self) -> None:
        self._by_topic: defaultdict[str, set[Connection]] = defaultdict(set)
        self._by_principal: defaultdict[str, dict[Connection, None]] = defaultdict(dict)  # the oldest first
        self._beats: list[set[Connection]] = [set() for _ in range(BEAT_EVERY)]
        self._second = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Connection]:
        return (stream for streams in self._by_principal.values() for stream in streams)

    def admit(self, stream: Connection, admission: Admission) -> Connection | None:
        """Take a stream in. The one that has to go for it comes back, if its person has too many."""
        stream.admission = admission
        own = self._by_principal[admission.principal]
        crowded_out = next(iter(own)) if len(own) >= MOST_OF_ONE else None
        own[stream] = None
        self._count += 1
        STREAMS.set(self._count)
        self._beats[self._second].add(stream)
        for topic in admission.topics:
            self._by_topic[topic].add(stream)
        return crowded_out

    def remove(self, stream: Connection) -> None:
        if stream.admission is None or stream not in self._by_principal.get(stream.admission.principal, ()):
            return
        own = self._by_principal[stream.admission.principal]
        del own[stream]
        if not own:
            del self._by_principal[stream.admission.principal]
        self._count -= 1
        STREAMS.set(self._count)
        for beats in self._beats:
            beats.discard(stream)
        for topic in stream.admission.topics:
            followers = self._by_topic[topic]
            followers.discard(stream)
            if not followers:
                del self._by_topic[topic]

    def follows(self, topic: str) -> bool:
        return topic in self._by_topic

    def tell(self, topic: str, change: Change) -> None:
        """Send a change to all who follow a topic."""
        followers = self._by_topic.get(topic, ())
        event = events.changed(events.shown_topic(topic), change)
        key = (topic, change.kind, change.id)
        for stream in followers:
            stream.send(key, event)
        EVENTS.labels("changed").inc(len(followers))

    def beat(self) -> None:
        """Called once a second: each stream gets its comment in the second of its beginning."""
        self._second = (self._second + 1) % BEAT_EVERY
        for stream in [*self._beats[self._second]]:
            stream.beat()

    def streams_of(self, principal: str) -> list[Connection]:
        return [*self._by_principal.get(principal, ())]

    def end(self, streams: Iterable[Connection], reason: Reason) -> None:
        """Close these streams, and say why."""
        ended, all_streams = [*streams], self._count
        for stream in ended:
            stream.end_stream(events.bye(reason, streams=all_streams))
            self.remove(stream)
        CLOSED.labels(reason.value).inc(len(ended))
