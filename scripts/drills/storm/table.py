"""Shows people what the storm was and what it left, as two tables."""

import os
from collections import Counter
from collections.abc import Iterator

from scripts.drills.storm import faults
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.health import Sample
from scripts.drills.storm.journal import AFTERMATH, FaultPeriod, Journal, Wait, find_causes
from scripts.drills.storm.storm import Observations

WAITS = ("start until ejected", "return until completed", "top-up until credited")
KINDS = {
    "lost": "lost",
    "doubled": "doubled",
    "stuck": "stuck",
    "books": "ledger",
    "custody": "custody",
    "wait": "too long",
    "health": "health",
    "answer": "wrong answers",
}
SHOWN_OF_A_KIND = 12


def render_table(seen: Observations, findings: list[Finding], *, ends: dict[str, int]) -> str:
    lines = [*_totals(seen, findings, ends), "", *_by_fault(seen), ""]
    for kind, title in KINDS.items():
        found = [finding.what for finding in findings if finding.kind == kind]
        lines += [f"- {title}: {what}" for what in found[:SHOWN_OF_A_KIND]]
        if len(found) > SHOWN_OF_A_KIND:
            lines.append(f"- {title}: {len(found) - SHOWN_OF_A_KIND} more")
    return "\n".join(lines).rstrip()


def _totals(seen: Observations, findings: list[Finding], ends: dict[str, int]) -> Iterator[str]:
    journal = seen.journal
    answers = Counter(answer.kind for answer in journal.answers)
    accepted = Counter(each.what for each in journal.accepted)
    kinds = Counter(each.kind for each in journal.fault_periods)
    came = {each.name for each in journal.fault_periods}
    wrong = Counter(finding.kind for finding in findings)
    rows = {
        "machine": f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.1f} over the last five minutes",
        "storm": f"{seen.calm_from - seen.began:.0f} s",
        "until nothing waited any more": f"{seen.settled_at - seen.calm_from:.0f} s",
        "requests": f"{len(journal.answers):,}: {_listed(answers)}",
        "accepted": _listed(accepted),
        "paid at a gateway": f"{len(journal.paid):,}",
        "rentals": _listed(ends),
        "left to staff": _listed(seen.decided),
        "faults": _listed(kinds),
        "did not come": ", ".join(each.name for each in faults.list_faults() if each.name not in came) or "none",
        **{title: str(wrong[kind]) for kind, title in KINDS.items()},
    }
    yield "| | |"
    yield "| --- | --- |"
    for name, text in rows.items():
        yield f"| {name} | {text} |"


def _by_fault(seen: Observations) -> Iterator[str]:
    """The longest of each wait that fell into a fault or its aftermath, in seconds."""
    journal = seen.journal
    yield f"| fault | times | {' | '.join(WAITS)} | answer | what health said |"
    yield f"| --- | ---: |{' ---: |' * (len(WAITS) + 1)} --- |"
    names = sorted({each.name for each in journal.fault_periods})
    for name in names:
        these = [each for each in journal.fault_periods if each.name == name]
        cells = [_longest(journal, name, what) for what in WAITS]
        cells.append(_longest_answer(journal, these))
        yield f"| {name} | {len(these)} | {' | '.join(cells)} | {_colours(seen.watch.samples, these[0])} |"
    calm = [wait for wait in journal.waits if not find_causes(wait, journal.fault_periods)]
    cells = [_seconds([wait for wait in calm if wait.what == what]) for what in WAITS]
    yield f"| calm | | {' | '.join(cells)} | | |"


def _longest(journal: Journal, name: str, what: str) -> str:
    waits = [wait for wait in journal.waits if wait.what == what]
    return _seconds(
        [wait for wait in waits if name in {each.name for each in find_causes(wait, journal.fault_periods)}]
    )


def _seconds(waits: list[Wait]) -> str:
    if any(wait.ended is None for wait in waits):
        return "never"
    took = [wait.ended - wait.began for wait in waits if wait.ended is not None]
    return f"{max(took):.1f}" if took else ""


def _longest_answer(journal: Journal, periods: list[FaultPeriod]) -> str:
    took = [
        answer.ended - answer.began
        for answer in journal.answers
        for each in periods
        if answer.began <= each.ended + AFTERMATH and answer.ended >= each.began
    ]
    return f"{max(took):.1f}" if took else ""


def _colours(samples: list[Sample], period: FaultPeriod) -> str:
    """Show what health said that it had not said before, how soon after the fault began, and how long after its end."""
    before = next((one.problems for one in reversed(samples) if one.at < period.began), frozenset[str]())
    new = [(one.at, one.colour, one.problems - before) for one in samples if one.at >= period.began]
    told = next(((at, colour, problems) for at, colour, problems in new if problems), None)
    if told is None or told[0] > period.ended + AFTERMATH:
        return "nothing"
    at, colour, problems = told
    over = next((after for after, _, left in new if after >= max(period.ended, at) and not left & problems), None)
    again = "never over" if over is None else f"over {max(0.0, over - period.ended):.0f} s after its end"
    return f"{colour} after {at - period.began:.0f} s ({', '.join(sorted(problems))}), {again}"


def _listed(counts: "Counter[str] | dict[str, int]") -> str:
    return ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items(), key=lambda one: -one[1])) or "none"
