"""Finds what a storm must not have done, from outside and in the database. Each check is a function of what was
observed; none of them knows how the storm was made, so each can be fed something broken."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripts.drills import leftovers
from scripts.drills.storm.health import Sample
from scripts.drills.storm.journal import FaultPeriod, Journal, Wait, find_causes

LONGEST_WAIT = 30.0  # seconds, beyond what a frozen or silent part took
OUTBOX_LATE = 60  # seconds that a due job may be open when all is calm
MOST_SMS = 6  # for one code: what its job's tries allow

Query = Callable[[str], list[Any]]
Places = Mapping[str, tuple[str, int] | None]


@dataclass(frozen=True)
class Finding:
    kind: str  # lost, doubled, stuck, books, custody, health, wait, answer
    what: str


BOOKS = {
    "a currency does not sum to zero": "SELECT currency, sum(amount) FROM ledger_postings GROUP BY 1"
    " HAVING sum(amount) <> 0",
    "an entry does not sum to zero": "SELECT entry_id, currency, sum(amount) FROM ledger_postings GROUP BY 1, 2"
    " HAVING sum(amount) <> 0",
    "an entry has no postings": "SELECT id FROM ledger_entries"
    " WHERE NOT EXISTS (SELECT FROM ledger_postings WHERE entry_id = ledger_entries.id)",
    "a balance is not the sum of its postings": "SELECT a.kind, a.owner, a.balance, coalesce(sum(p.amount), 0)"
    " FROM ledger_accounts a LEFT JOIN ledger_postings p ON p.account_id = a.id WHERE a.floored"
    " GROUP BY a.id HAVING a.balance <> coalesce(sum(p.amount), 0)",
    "an account is below its floor": "SELECT kind, owner, balance FROM ledger_accounts"
    " WHERE floored AND CASE normal WHEN 'credit' THEN balance < 0 ELSE balance > 0 END",
    "an open hold has no rental or refund that is open": "SELECT reference_kind, reference_id, amount FROM ledger_holds"
    " WHERE status = 'open' AND NOT EXISTS (SELECT FROM rentals WHERE id::text = reference_id"
    " AND (status IN ('pending', 'ejecting', 'unresolved', 'active', 'overdue') OR settled_at IS NULL))"
    " AND NOT EXISTS (SELECT FROM refunds WHERE id::text = reference_id"
    " AND status IN ('requested', 'processing', 'manual'))",
}
# Who asked for what, and what there is of it. A rental that came about otherwise (a swap, a bank that came out late)
# was nobody's request.
MADE = {
    "rental": "SELECT id::text, user_id::text FROM rentals WHERE swap_of IS NULL AND NOT came_late",
    "topup": "SELECT id::text, user_id::text FROM payment_intents",
    "refund": "SELECT id::text, user_id::text FROM refunds WHERE asked_by LIKE 'user:%'",
    "code": "SELECT id::text, identifier FROM otp_challenges",
}
EXISTS = MADE | {"rental": "SELECT id::text, user_id::text FROM rentals"}
CREDITED = (
    "SELECT reference_id, count(*) FROM ledger_entries"
    " WHERE kind = 'topup' AND reference_kind = 'intent' GROUP BY reference_id"
)
BOOKED = """
    SELECT i.id::text, coalesce(sum(r.amount) FILTER (WHERE r.status = 'completed'), 0)::bigint,
           coalesce(sum(r.amount) FILTER (WHERE r.status IN ('processing', 'manual')), 0)::bigint
      FROM payment_intents i JOIN refunds r ON r.intent_id = i.id GROUP BY i.id
"""
DONE_IN_RENTALS = {"extension": "extended", "due": "due_paid"}


def check_books(query: Query) -> Iterator[Finding]:
    for what, statement in BOOKS.items():
        for row in query(statement):
            yield Finding("books", f"{what}: {row}")


def check_requests(query: Query, journal: Journal) -> Iterator[Finding]:
    """Find requests without their effect, or with more than one. A request whose answer nobody got has its effect once
    or not at all."""
    unsure = Counter((each.what, each.person) for each in journal.unknown)
    for what, statement in MADE.items():
        accepted = Counter(each.subject for each in journal.accepted if each.what == what)
        there = dict(query(EXISTS[what]))
        for each in journal.accepted:
            if each.what == what and there.get(each.subject) != each.person:
                yield Finding("lost", f"{what} {each.subject} was accepted and is not there")
        for subject, times in accepted.items():
            if times > 1:
                yield Finding("doubled", f"{what} {subject} is the answer to {times} requests")
        more = Counter(person for subject, person in query(statement) if subject not in accepted)
        people = {each.person for each in journal.accepted}
        for person, number in more.items():
            if what != "code" and person in people and number > unsure[what, person]:
                yield Finding("doubled", f"{number} {what}s of {person} that nobody was told of")
    yield from _in_rentals(query, journal, unsure)


def _in_rentals(query: Query, journal: Journal, unsure: "Counter[tuple[str, str]]") -> Iterator[Finding]:
    for what, event in DONE_IN_RENTALS.items():
        found = query(f"SELECT rental_id::text, count(*) FROM rental_events WHERE event = '{event}' GROUP BY 1")  # noqa: S608
        there = Counter(dict(found))
        accepted = Counter(each.subject for each in journal.accepted if each.what == what)
        owners = {each.subject: each.person for each in journal.accepted if each.what in (what, "rental")}
        for rental in accepted.keys() | there.keys():
            if there[rental] < accepted[rental]:
                yield Finding("lost", f"{accepted[rental]} × {what} of {rental} accepted, {there[rental]} there")
            elif rental in owners and there[rental] > accepted[rental] + unsure[what, owners[rental]]:
                yield Finding("doubled", f"{accepted[rental]} × {what} of {rental} accepted, {there[rental]} there")


def check_payments(query: Query, journal: Journal, gateways: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """Find payments that are not in the wallet exactly once, and refunds that differ from what was booked."""
    credited = Counter(dict(query(CREDITED)))
    for each in journal.paid:
        if each.payment_id not in gateways:
            yield Finding("lost", f"{each.gateway} does not know {each.payment_id}: the sandbox was started again")
        elif credited[each.intent_id] == 0:
            yield Finding("lost", f"the {each.gateway} top-up {each.intent_id} was paid and is not credited")
    for intent, times in credited.items():
        if times > 1:
            yield Finding("doubled", f"the top-up {intent} is credited {times} times")
    booked = {intent: amounts for intent, *amounts in query(BOOKED)}
    for each in journal.paid:
        given_back = round(float(gateways.get(each.payment_id, {}).get("refunded", 0)) * 100)
        completed, under_way = booked.get(each.intent_id, (0, 0))
        if given_back > completed + under_way:
            yield Finding(
                "doubled", f"{each.gateway} gave {given_back} paisa of {each.intent_id} back, not {completed}"
            )
        elif given_back < completed:
            yield Finding("lost", f"{completed} paisa of {each.intent_id} are booked as given back, not {given_back}")


def check_codes(journal: Journal, received: Mapping[str, int]) -> Iterator[Finding]:
    """Find numbers that got no code, or far too many. A code that comes twice is allowed."""
    asked = Counter(each.person for each in journal.accepted if each.what == "code")
    for phone, number in asked.items():
        if not received.get(phone, 0):
            yield Finding("lost", f"no SMS with a code came to {phone}")
        elif received[phone] > number * MOST_SMS:
            yield Finding("doubled", f"{received[phone]} SMS with a code to {phone}")


def check_custody(query: Query, truth: Places) -> Iterator[Finding]:
    """Each bank is where the database has it, and only there."""
    found: dict[str, list[tuple[str, int] | str | None]] = {}
    for serial, place, imei, slot in query("""
        SELECT b.serial, c.place, s.imei, c.slot_number FROM power_banks b
          LEFT JOIN custody c ON c.bank_id = b.id AND upper_inf(c.period) LEFT JOIN stations s ON s.id = c.station_id
    """):
        known = {"slot": (imei, slot), "user": None}.get(place, place)
        found.setdefault(serial, []).append(known)
    for serial, where in truth.items():
        if found.get(serial) != [where]:
            yield Finding("custody", f"{serial} is in {where or 'hands'}, the database has it in {found.get(serial)}")
    for serial in found.keys() - truth.keys():
        yield Finding("custody", f"{serial} is nowhere, the database has it in {found[serial]}")


def check_left_over(query: Query) -> Iterator[Finding]:
    """When all is calm nothing waits any more."""
    for what, number in leftovers.count(query).items():
        if number:
            yield Finding("stuck", f"{what}: {number}")
    for job, number in query(
        "SELECT job, count(*) FROM outbox_jobs WHERE state = 'open'"  # noqa: S608
        f" AND greatest(run_after, lease_until) < now() - interval '{OUTBOX_LATE} s' GROUP BY 1"
    ):
        yield Finding("stuck", f"{number} {job} are open and late")


def check_waits(journal: Journal) -> Iterator[Finding]:
    for wait in journal.waits:
        if wait.ended is None:
            yield Finding("stuck", f"{wait.what} of {wait.subject} never came")
        elif (over := wait.ended - wait.began - LONGEST_WAIT - count_excused_seconds(wait, journal.fault_periods)) > 0:
            during = ", ".join(each.name for each in find_causes(wait, journal.fault_periods))
            took = f"{wait.what} took {wait.ended - wait.began:.0f} s, {over:.0f} too many"
            yield Finding("wait", f"{took}, during: {during or 'calm'}; {wait.subject}, station {wait.station}")


def count_excused_seconds(wait: Wait, periods: list[FaultPeriod]) -> float:
    return sum(each.excuses for each in periods if each.may_lengthen(wait))


def check_answers(journal: Journal) -> Iterator[Finding]:
    for what, number in Counter(journal.surprises).items():
        yield Finding("answer", f"{number} × {what}")


def check_health(
    samples: list[Sample], periods: list[FaultPeriod], *, calm_from: float, green_within: float
) -> Iterator[Finding]:
    """Find faults that health did not tell of while they lasted, and that it is not green once all is well."""
    for each in periods:
        meanwhile = [sample for sample in samples if each.began <= sample.at <= each.ended + 1]
        if each.shows and not any(names_problems(sample, each.shows) for sample in meanwhile):
            said = sorted({word for sample in meanwhile for word in sample.problems})
            yield Finding("health", f"{each.name}: health said {said}, not {sorted(each.shows)}")
    if not any(sample.colour == "green" for sample in samples if calm_from <= sample.at <= calm_from + green_within):
        last = samples[-1] if samples else None
        says = "nothing" if last is None else f"{last.colour} {sorted(last.problems)}"
        yield Finding("health", f"not green within {green_within:.0f} s of nothing left to do; it says {says}")


def names_problems(sample: Sample, problems: frozenset[str]) -> bool:
    """Say whether health told of these problems. A system that does not answer at all has told enough."""
    return sample.colour != "green" and ("silent" in sample.problems or problems <= sample.problems)
