"""The storm's checker, fed with waits, states of health and answers: what a fault excuses, and what nothing excuses."""

from collections.abc import Iterator

import pytest

from scripts.drills.storm import checker
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.health import Sample
from scripts.drills.storm.journal import Answer, FaultPeriod, Journal, Wait


@pytest.fixture
def journal() -> Journal:
    return Journal()


def kinds(found: Iterator[Finding]) -> list[str]:
    return [finding.kind for finding in found]


START = "start until ejected"


@pytest.mark.parametrize(
    ("wait", "found"),
    [
        (Wait(START, 0, 30, "x"), []),
        (Wait(START, 0, 31, "x"), ["wait"]),
        (Wait(START, 0, None, "x"), ["stuck"]),
        (Wait(START, 100, 150, "x", "liar"), []),
        (Wait(START, 100, 171, "x", "liar"), ["wait"]),
        (Wait(START, 100, 150, "x", "honest"), ["wait"]),
        (Wait("code until received", 100, 150, "x"), ["wait"]),
        (Wait(START, 90, 140, "x", "liar"), ["wait"]),
        (Wait(START, 125, 175, "x", "liar"), []),
        (Wait(START, 200, 250, "x", "liar"), ["wait"]),
    ],
)
def test_waits_are_excused_by_what_was_silent(journal: Journal, wait: Wait, found: list[str]) -> None:
    journal.fault_periods.append(
        FaultPeriod("no_answer", 100, 120, 40, kind="station", concerns=("start",), stations=frozenset({"liar"}))
    )
    journal.note(wait)
    assert kinds(checker.check_waits(journal)) == found


def sample(at: float, colour: str, *problems: str) -> Sample:
    return Sample(at, colour, frozenset(problems))


GREEN = sample(60, "green")


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        ([sample(11, "red", "redis"), GREEN], []),
        ([sample(11, "red", "silent"), GREEN], []),
        ([sample(11, "green"), GREEN], ["health"]),
        ([sample(11, "yellow", "dead_letters"), GREEN], ["health"]),
        ([sample(25, "red", "redis"), GREEN], ["health"]),
        ([sample(11, "red", "redis"), sample(60, "yellow", "dead_letters")], ["health"]),
        ([sample(11, "red", "redis"), sample(200, "green")], ["health"]),
        ([], ["health", "health"]),
    ],
)
def test_health_says_what_is_broken_and_that_it_is_over(samples: list[Sample], found: list[str]) -> None:
    periods = [FaultPeriod("Redis frozen", 10, 18, shows=frozenset({"redis"})), FaultPeriod("web killed", 30, 38)]
    assert kinds(checker.check_health(samples, periods, calm_from=50, green_within=60)) == found


def test_answers_that_no_rider_should_get(journal: Journal) -> None:
    journal.note("500 to GET /api/wallet: {}")
    journal.note(Answer("GET /api/wallet", 0, 1, "500"))
    assert kinds(checker.check_answers(journal)) == ["answer"]
