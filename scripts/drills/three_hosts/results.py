"""What the drill shows: what was lost or doubled, and what people saw of each thing that broke."""

import os
from collections import Counter
from collections.abc import Iterator

from scripts.drills.storm import checker
from scripts.drills.storm.checker import Finding
from scripts.drills.storm.health import Sample
from scripts.drills.storm.journal import AFTERMATH, Answer, FaultPeriod, Journal, Wait
from scripts.drills.storm.storm import GREEN_WITHIN, Observations, query
from scripts.drills.three_hosts.breakages import Drill

NORMAL_WITHIN = 30.0  # seconds
WAITS = ("start until ejected", "return until completed", "top-up until credited")
NO_ANSWER = ("none", "503", "5xx")


def check(drill: Drill, seen: Observations) -> list[Finding]:
    def ask(statement: str) -> list[tuple[object, ...]]:
        return query(drill.system, statement)

    journal = seen.journal
    return [
        *checker.check_requests(ask, journal),
        *checker.check_payments(ask, journal, seen.gateways),
        *checker.check_codes(journal, seen.codes),
        *checker.check_left_over(ask),
        *checker.check_books(ask),
        *checker.check_custody(ask, seen.places),
        *checker.check_waits(journal),
        *checker.check_health(seen.watch.samples, [], calm_from=seen.settled_at, green_within=GREEN_WITHIN),
        *check_recovery(journal),
    ]


def check_recovery(journal: Journal) -> Iterator[Finding]:
    for period, answers in by_period(journal):
        took = count_until_normal(period, answers)
        if took > NORMAL_WITHIN:
            yield Finding("wait", f"{period.name}: requests still failed after {took:.0f} s")


def by_period(journal: Journal) -> Iterator[tuple[FaultPeriod, list[Answer]]]:
    """The answers that were asked for from the moment it broke until the next thing did."""
    periods = journal.fault_periods
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        until = following.began if following else float("inf")
        yield period, [each for each in journal.answers if period.began <= each.began < until]


def count_until_normal(period: FaultPeriod, answers: list[Answer]) -> float:
    """Count the seconds until the last request that failed was asked for. What is asked for later goes well."""
    return max((each.began - period.began for each in answers if each.kind in NO_ANSWER), default=0.0)


def render(drill: Drill, seen: Observations, findings: list[Finding]) -> str:
    journal = seen.journal
    wrong = Counter(finding.kind for finding in findings)
    accepted = Counter(each.what for each in journal.accepted)
    kinds = Counter(each.kind for each in journal.answers)
    ends = dict(query(drill.system, "SELECT status, count(*) FROM rentals GROUP BY 1"))
    rows = {
        "machine": f"{os.cpu_count()} cores for all three hosts, load {os.getloadavg()[1]:.1f} over five minutes",
        "requests": f"{len(journal.answers):,}: {_listed(kinds)}",
        "accepted": _listed(accepted),
        "paid at a gateway": str(len(journal.paid)),
        "rentals": _listed(Counter(ends)),
        **{
            kind: str(wrong[kind])
            for kind in ("lost", "doubled", "books", "custody", "stuck", "wait", "answer", "health")
        },
    }
    lines = ["| | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows.items()), ""]
    heads = ("what broke", "leaders before → after", "requests that failed", "last one after", "slowest answer", *WAITS)
    lines += [f"| {' | '.join((*heads, 'health said'))} |", f"| --- | --- |{' ---: |' * (len(heads) - 2)} --- |"]
    for period, answers in by_period(journal):
        failed = [each for each in answers if each.kind in NO_ANSWER]
        slowest = max((each.ended - each.began for each in answers), default=0.0)
        cells = [
            period.name,
            drill.roles.get(period.name, ""),
            f"{len(failed)} of {len(answers)}",
            f"{count_until_normal(period, answers):.0f} s",
            f"{slowest:.1f} s",
            *(_longest(journal.waits, period, what) for what in WAITS),
            _said(seen.watch.samples, period),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"- {each.kind}: {each.what}" for each in findings)]).rstrip()


def _longest(waits: list[Wait], period: FaultPeriod, what: str) -> str:
    these = [
        each
        for each in waits
        if each.what == what
        and each.began <= period.ended + AFTERMATH
        and (each.ended is None or each.ended >= period.began)
    ]
    if any(each.ended is None for each in these):
        return "never"
    return f"{max(each.ended - each.began for each in these if each.ended is not None):.1f} s" if these else ""


def _said(samples: list[Sample], period: FaultPeriod) -> str:
    meanwhile = [each for each in samples if period.began <= each.at <= period.ended + AFTERMATH]
    words = sorted({word for each in meanwhile for word in each.problems})
    red = sum(each.colour == "red" for each in meanwhile)
    return f"{', '.join(words) or 'nothing'}{f'; red {red} times of {len(meanwhile)}' if red else ''}"


def _listed(counts: "Counter[str]") -> str:
    return ", ".join(f"{number:,} {what}" for what, number in counts.most_common()) or "none"
