"""Topics that change often are thinned out."""

from powerbank.live.changes import Change
from powerbank.live.streams.coalescing import MOST, Coalescer


class Told:
    def __init__(self) -> None:
        self.changes: list[tuple[str, str | None, int | None]] = []
        self.coalescer = Coalescer(lambda topic, change: self.changes.append((topic, change.id, change.version)))

    def take(self, topic: str, id: str, version: int, at: float) -> None:
        self.coalescer.take(topic, Change((topic,), "thing", id, version, ""), at)

    def since(self) -> list[tuple[str, str | None, int | None]]:
        found, self.changes = self.changes, []
        return found


def test_the_first_goes_out_at_once_and_the_newest_after_a_second() -> None:
    told = Told()
    for version, at in ((1, 10.0), (2, 10.2), (3, 10.4)):
        told.take("station:A", "A", version, at)
    assert told.since() == [("station:A", "A", 1)]
    told.coalescer.turn(10.9)
    assert told.since() == []
    told.coalescer.turn(11.0)
    assert told.since() == [("station:A", "A", 3)]
    told.take("station:A", "A", 4, 11.5)
    assert told.since() == []
    for at in (12.0, 13.0, 14.0):
        told.coalescer.turn(at)
    assert told.since() == [("station:A", "A", 4)], "once"


def test_different_things_do_not_wait_for_each_other() -> None:
    told = Told()
    told.take("stations", "A", 1, 10.0)
    told.take("stations", "B", 1, 10.1)
    assert told.since() == [("stations", "A", 1), ("stations", "B", 1)]


def test_somebody_waits_for_each_change_of_a_rental_and_of_their_own() -> None:
    told = Told()
    for version in range(3):
        told.take("rental:a", "a", version, 10.0)
        told.take("me:a", "a", version, 10.0)
    assert len(told.since()) == 6


def test_a_single_change_stands_for_more_than_anybody_reads() -> None:
    told = Told()
    for number in range(MOST * 20):
        told.take("stations", str(number), 1, 10.0)
    assert len(told.since()) == MOST
    for at in (10.5, 11.0, 11.1):
        told.coalescer.turn(at)
    assert told.since() == [("stations", None, None)]
    told.take("stations", "1", 2, 12.5)
    assert told.since() == [("stations", "1", 2)]
