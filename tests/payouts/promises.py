"""What holds of payouts after every step of the state machine, and once everything has come to rest.

What a payout or a share should be is computed here from the ledger's revenue, the agreements and the bank's own list,
not by the code under test.
"""

from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

from hypothesis.stateful import invariant

from powerbank.base.audit import staff_actor
from powerbank.base.db import db
from powerbank.integrations.errors import VendorError
from powerbank.partners.accruals import recount
from powerbank.payouts.statements import services as statements
from tests.ledger.conftest import assert_books_are_right
from tests.payouts.houses import APPROVED_BY_POLICY, BELONGS, MINIMUM, Houses

WITHHELD, PERCENT = 15_00, 77_77  # hundredths of a percent
OPEN_RUN = "status IN ('approved', 'sending', 'processing', 'unknown')"
PAYABLE = f"""
    SELECT p.id, CAST((SELECT coalesce(sum(amount), 0) FROM partner_accruals WHERE partner_id = p.id)
                      - (SELECT coalesce(sum(amount), 0) FROM payouts
                          WHERE payee_id = p.id AND ({OPEN_RUN} OR status = 'paid')) AS bigint) AS owed,
           CAST((SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts a
                   JOIN ledger_postings posting ON posting.account_id = a.id
                  WHERE a.owner = CAST(p.id AS text) AND a.kind = 'partner_payable') AS bigint) AS booked
      FROM partners p"""
ON_THE_WAY = f"""
    SELECT (SELECT coalesce(sum(amount), 0) FROM payouts WHERE {OPEN_RUN}) AS under_way,
           (SELECT coalesce(sum(amount), 0) FROM payouts WHERE status = 'paid') AS paid,
           (SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts a
              JOIN ledger_postings posting ON posting.account_id = a.id
             WHERE a.kind = 'payout_clearing') AS clearing,
           (SELECT coalesce(sum(posting.amount), 0) FROM ledger_accounts a
              JOIN ledger_postings posting ON posting.account_id = a.id
             WHERE a.kind = 'gateway_clearing' AND a.owner LIKE 'payouts-%') AS from_providers"""
REVENUE = """
    SELECT named.rental_id, CAST(sum(posting.amount) AS bigint) AS earned
      FROM ledger_postings posting
      JOIN ledger_accounts account ON account.id = posting.account_id
      JOIN ledger_entries entry ON entry.id = posting.entry_id
      LEFT JOIN wallet_transactions paid ON CAST(paid.id AS text) = entry.reference_id
     CROSS JOIN LATERAL (SELECT coalesce(paid.reference_id, entry.reference_id) AS rental_id) named
     WHERE (account.kind IN ('rental_revenue', 'overdue_revenue')
            OR (account.kind = 'write_offs' AND entry.kind = 'due_waived'))
       AND named.rental_id = ANY(:rentals)
     GROUP BY 1"""
ACCRUED = """
    SELECT CAST(rental_id AS text) AS rental_id, partner_id, CAST(sum(share) AS bigint) AS share,
           CAST(sum(withheld) AS bigint) AS withheld
      FROM partner_accruals GROUP BY 1, 2 HAVING sum(gross) <> 0 OR sum(share) <> 0"""
# What has nobody who goes on with it: a job for each payout that is to be sent, asked for, or written down.
FORGOTTEN = """
    SELECT p.id, p.status FROM payouts p
     WHERE NOT EXISTS (
           SELECT FROM outbox_jobs job
            WHERE job.arguments->>'payout_id' = CAST(p.id AS text)
              AND job.job = CASE p.status WHEN 'approved' THEN 'send_payout' WHEN 'sending' THEN 'send_payout'
                                          WHEN 'processing' THEN 'follow_payout' WHEN 'unknown' THEN 'follow_payout'
                                          ELSE 'make_statement' END)
       AND (p.status IN ('approved', 'sending', 'unknown', 'paid', 'returned')
            OR (p.status = 'processing' AND p.provider = 'npi'))"""
APPROVALS = "SELECT p.*, run.asked_by FROM payouts p JOIN payout_runs run ON run.id = p.run_id"
# Who stands behind each payment by hand that counts: who approved it or asked for it, and who said that it was paid.
BEHIND = """
    SELECT array_agg(DISTINCT a.actor) || p.approved_by || run.asked_by AS people
      FROM payouts p JOIN payout_runs run ON run.id = p.run_id
      JOIN audit_log a ON a.object_kind = 'payouts' AND a.object_id = p.id::text
       AND a.action IN ('payouts.outcome_said', 'payouts.paid')
     WHERE p.provider = 'by_hand' AND p.status = 'paid' GROUP BY p.id, run.id
"""
# What the bank may have of a payout in each state; None is nothing at all.
AT_THE_BANK = {
    "paid": {"ACSC"},
    "returned": {"ACSC"},
    "processing": {"ACSP"},
    "failed": {"RJCT", None},
    "held": {None},
    "cancelled": {"RJCT", None},
    "awaiting_approval": {None},
}
# What the codes of the creditor's bank mean; what timed out there is not decided.
IN_REAL_TIME = {"000": "ACSC", "DEFER": "ACSP", "999": "ACSP", "1004": "RJCT"}


class Promises(Houses):
    looked_at: int | None = None  # how many commits there were at the last look
    reached: ClassVar[Counter[str]] = Counter()  # how often payouts came to a state, and what else happened to them

    def payable(self) -> dict[UUID, int]:
        return {row.id: row.booked for row in self.ask(PAYABLE)}

    def bank(self) -> dict[str, tuple[str, str]]:
        """Ask the bank what became of each instruction that it has ever taken, and to which account it goes."""
        provider = self.app.extensions["payout_providers"]["npi"]
        answer = None
        while answer is None:  # its tokens run out as often as rules have told them to
            with suppress(VendorError):
                answer = provider._post("getcipstxnlistbydate", {})
        lines = [] if answer.status == 404 else answer.json()
        return {
            line["instructionId"]: (
                IN_REAL_TIME.get(line["creditStatus"], line["creditStatus"]),
                line["creditorAccount"],
            )
            for line in lines
        }

    @invariant()
    def promises_are_kept(self) -> None:
        """Look at all that was promised whenever something was committed, since nothing else can have broken it."""
        if hasattr(self, "venues") and self.mortality.commits != self.looked_at:
            self.looked_at = self.mortality.commits
            self.no_paisa_is_made_or_lost()
            self.each_share_is_that_of_whoever_had_the_station()
            self.two_people_decide_and_nothing_is_forgotten()

    def no_paisa_is_made_or_lost(self) -> None:
        assert_books_are_right()
        assert list(recount.find_wrong_payables()) == []
        for row in self.ask(PAYABLE):
            assert row.owed == row.booked
        [sums] = self.ask(ON_THE_WAY)
        assert (sums.under_way, sums.paid) == (sums.clearing, sums.from_providers)

    def each_share_is_that_of_whoever_had_the_station(self) -> None:
        due: dict[tuple[str, UUID], tuple[int, int]] = {}
        for row in self.ask(REVENUE, rentals=[str(each) for each in self.rentals]):
            number = [str(each) for each in self.rentals].index(row.rental_id)
            share = (2 * row.earned * PERCENT + 100_00) // 200_00
            if row.earned:
                due[row.rental_id, self.venues[number // 2]] = (share, (2 * share * WITHHELD + 100_00) // 200_00)
        assert {(row.rental_id, row.partner_id): (row.share, row.withheld) for row in self.ask(ACCRUED)} == due

    def two_people_decide_and_nothing_is_forgotten(self) -> None:
        assert self.ask(FORGOTTEN) == []
        for row in self.ask(APPROVALS):
            self.note(row.id, row.status)
            assert row.amount >= MINIMUM
            if row.approved_by == "policy":
                assert row.amount <= APPROVED_BY_POLICY or row.attempt > 1
            elif row.approved_by is not None:
                assert row.approved_by != row.asked_by
                assert (row.approved_by, row.payee_id) != (staff_actor(BELONGS.id), self.venues[-1])
            assert row.decided_by is None or row.decided_by != row.approved_by
        for row in self.ask(BEHIND):
            assert len({each for each in row.people if each.startswith("staff:")}) >= 2

    def note(self, payout_id: UUID, status: str) -> None:
        if self.last_seen.get(payout_id) != status:
            self.last_seen[payout_id] = status
            self.reached[status] += 1

    def reason_to_expect(self, venue: UUID, balance: int) -> str | None:
        """Say why a run should pass over a partner with this balance. None: it should be paid out."""
        usable = self.ask(
            "SELECT usable_from <= now() AS now FROM payout_accounts WHERE payee_id = :id AND status = 'confirmed'",
            id=venue,
        )
        latest = self.ask("SELECT status FROM payouts WHERE payee_id = :id ORDER BY id DESC LIMIT 1", id=venue)
        status = latest[0].status if latest else None
        if balance < 0:
            return "negative_balance"
        if status == "held":
            return "held"
        if status in ("awaiting_approval", "approved", "sending", "processing", "unknown"):
            return "payout_open"
        if balance < MINIMUM:
            return "below_minimum"
        return None if usable[0].now else "account_cooling_off"

    def the_bank_has_each_payout_once(self) -> None:
        told = self.bank()
        said = {key: status for key, (status, _) in told.items()}
        keys: Counter[str] = Counter()
        for row in self.ask("SELECT code, attempt, status, provider, amount FROM payouts"):
            attempts = [row.code, *(f"{row.code}-{number}" for number in range(2, row.attempt + 1))]
            keys.update(attempts)
            now = said.get(attempts[-1])
            if row.provider == "by_hand":
                assert now is None, row
            else:
                assert now in AT_THE_BANK[row.status], (row, said)
            assert {said.get(each) for each in attempts[:-1]} <= {"RJCT", None}, (row, said)
        assert said.keys() <= keys.keys()
        self.reached["rejected by the bank"] += [*said.values()].count("RJCT")
        for key, (_, number) in told.items():
            assert number == self.went_to[key].number, "paid to another account than the payee had when it was sent"
            self.reached["paid to the account of the day"] += 1

    def statements_add_up_and_chain(self) -> None:
        closing: dict[UUID, int] = {}
        heads = self.ask("SELECT * FROM payout_statements ORDER BY sequence")
        assert [head.sequence for head in heads] == list(range(1, len(heads) + 1))
        for head in heads:
            statement = statements.find_statement(head.id)
            lines: list[dict[str, Any]] = [line for page in statements.list_pages(statement) for line in page]
            assert statement.opening == closing.get(head.payee_id, 0)
            assert statement.opening + sum(line["amount"] for line in lines) - statement.paid == statement.closing == 0
            assert statements.verify(statement)
            closing[head.payee_id] = statement.closing
            db.session.rollback()
        arrived = self.ask("SELECT id, amount FROM payouts WHERE status IN ('paid', 'returned')")
        assert {head.payout_id: head.paid for head in heads} == {row.id: row.amount for row in arrived}
