"""What clerks decide in the state machine: each may try anything, and what succeeds is what they may."""

from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import rule

from powerbank.base.audit import staff_actor
from powerbank.base.db import utcnow
from powerbank.payouts import approval
from tests.payouts.houses import CLERKS, Clerk
from tests.payouts.promises import APPROVALS, Promises

WHICH = st.integers(0, 59)  # of all payouts of a walk
CLERK = st.sampled_from(CLERKS)
# So many commits and pushes does a piece of work live through before it is killed. Mostly it is not killed.
CRASHES = st.none() | st.none() | st.integers(0, 12)
UNDER_WAY = ("sending", "processing", "unknown")


class Clerks(Promises):
    """A payout is drawn by its place: how many there are depends on the time too, and no draw may depend on that."""

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_approves_one(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_approves(payout_id, clerk, crash)

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_holds_one(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_holds(payout_id, clerk, crash)

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_releases_one(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_releases(payout_id, clerk, crash)

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_cancels_one(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_cancels(payout_id, clerk, crash)

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_tries_one_again(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_tries_again(payout_id, clerk, crash)

    @rule(which=WHICH, clerk=CLERK, crash=CRASHES)
    def a_clerk_says_what_became_of_one(self, which: int, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payout_at(which):
            self.a_clerk_says_what_became_of_it(payout_id, clerk, crash)

    def a_clerk_approves(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        if self.book(lambda: approval.approve_payout(payout_id, staff=clerk, now=utcnow()), crash):
            [payout] = self.ask("SELECT payee_id, account_id FROM payouts WHERE id = :id", id=payout_id)
            assert payout.account_id == self.account_of[payout.payee_id].id
            self.reached["approved by a second person"] += 1

    def a_clerk_holds(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        self.book(lambda: approval.hold_payout(payout_id, staff=clerk, reason="wait", now=utcnow()), crash)

    @rule(clerk=CLERK, gives_up=st.booleans(), crash=CRASHES)
    def a_clerk_holds_what_waits_and_decides(self, clerk: Clerk, gives_up: bool, crash: int | None) -> None:
        for payout_id in self.payouts("approved", "awaiting_approval"):
            self.a_clerk_holds(payout_id, clerk, crash)
            self.note(payout_id, self.status(payout_id))
            (self.a_clerk_cancels if gives_up else self.a_clerk_releases)(payout_id, clerk, crash)

    def a_clerk_releases(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        self.book(lambda: approval.release_payout(payout_id, staff=clerk, reason=None, now=utcnow()), crash)

    def a_clerk_cancels(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        self.book(lambda: approval.cancel_payout(payout_id, staff=clerk, reason=None, now=utcnow()), crash)

    def a_clerk_tries_again(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        [payout] = self.ask("SELECT * FROM payouts WHERE id = :id", id=payout_id)
        balance = self.payable()[payout.payee_id]
        [newest] = self.ask(
            "SELECT CAST(max(id::text) AS uuid) AS id FROM payouts WHERE payee_id = :id", id=payout.payee_id
        )
        if self.book(lambda: approval.retry_payout(payout_id, staff=clerk, reason=None, now=utcnow()), crash):
            assert (payout.status, newest.id) == ("failed", payout_id)
            assert balance >= payout.amount
            [now] = self.ask("SELECT account_id FROM payouts WHERE id = :id", id=payout_id)
            account = self.account_of[payout.payee_id]
            assert (now.account_id, account.since <= utcnow()) == (account.id, True)
            self.reached["tried again"] += 1

    @rule(clerk=CLERK, crash=CRASHES)
    def a_clerk_says_what_became_of_those_under_way(self, clerk: Clerk, crash: int | None) -> None:
        for payout_id in self.payouts(*UNDER_WAY):
            self.a_clerk_says_what_became_of_it(payout_id, clerk, crash)

    def a_clerk_says_what_became_of_it(self, payout_id: UUID, clerk: Clerk, crash: int | None) -> None:
        """They have looked at the bank, or paid by hand themselves."""
        [payout] = self.ask(f"{APPROVALS} WHERE p.id = :id", id=payout_id)
        name = payout.code if payout.attempt == 1 else f"{payout.code}-{payout.attempt}"
        said = "ACSC" if payout.provider == "by_hand" else self.bank().get(name, (None,))[0]
        if payout.status in UNDER_WAY and said == "ACSP":
            return
        result = "paid" if said == "ACSC" else "failed"
        if self.book(
            lambda: approval.decide_outcome(
                payout_id, staff=clerk, result=result, reference="B-1", reason="seen", now=utcnow()
            ),
            crash,
        ):
            first = payout.asked_by if payout.approved_by == "policy" else payout.approved_by
            assert first != staff_actor(clerk.id)
            assert payout.status == "unknown" or (payout.status == "processing" and payout.provider == "by_hand")
            self.reached["decided by hand"] += 1

    def status(self, payout_id: UUID) -> str:
        [row] = self.ask("SELECT status FROM payouts WHERE id = :id", id=payout_id)
        return str(row.status)

    def payout_at(self, which: int) -> list[UUID]:
        """Find the payout at this place, the newest at 0, round and round. None, if there is no payout at all."""
        made = [row.id for row in self.ask("SELECT id FROM payouts ORDER BY id DESC")]
        return [made[which % len(made)]] if made else []

    def payouts(self, *statuses: str) -> list[UUID]:
        return [row.id for row in self.ask("SELECT id FROM payouts WHERE status = ANY(:s) ORDER BY id", s=[*statuses])]
