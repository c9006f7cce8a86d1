"""The jobs of payouts. Before money is sent it is noted that it will be; what nobody answered is asked for."""

import time
from datetime import date, datetime
from uuid import UUID

from jobs.batches import FIRST, work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.ledger import sums
from powerbank.outbox import operations
from powerbank.partners.accruals.monthly import last_month
from powerbank.payouts import runs
from powerbank.payouts.accounts import services as accounts
from powerbank.payouts.sending import outcomes, providers
from powerbank.payouts.sending import services as sending
from powerbank.payouts.sending.services import Plan
from powerbank.payouts.statements import services as statements

SETTLING = 60.0  # seconds in which earlier transactions end


class NotSettledError(Exception):
    """Transactions from before the run are still under way. The run is tried again."""


def run_payouts(run: StepwiseRun, *, slot: str | None = None, operation_id: str | None = None) -> None:
    """Run payouts, for the schedule's slot or because staff asked. A run that was killed goes on where it was."""
    cutoff, asked_by = runs.read_order(slot=slot, operation_id=operation_id)
    db.session.rollback()
    with transaction():
        begun = runs.begin_run(cutoff=cutoff, asked_by=asked_by, now=utcnow())
        run_id, known, is_finished = begun.id, begun.up_to, begun.finished_at is not None
    if known is None:
        settled = settle_numbers()
        with transaction():
            runs.note_settled(run_id, settled)
    if not is_finished:  # one that is finished stays as it is, and whoever asks again gets its summary
        work_on_run(run_id, operation_id)
    with run.finish():
        summary = runs.finish_run(run_id, now=utcnow())
        if operation_id is not None and (operation := operations.lock_pending_operation(UUID(operation_id))):
            operations.succeed(operation, summary, now=utcnow())


def work_on_run(run_id: UUID, operation_id: str | None) -> None:
    """Make all payouts of a run, batch by batch, and tell how far it is."""
    after, done = FIRST, 0
    while account_ids := runs.find_payable_accounts(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        with transaction():
            runs.work_on_accounts(run_id, account_ids, now=utcnow())
            if operation_id is not None:
                runs.note_progress(UUID(operation_id), done=done + len(account_ids))
        after, done = account_ids[-1], done + len(account_ids)
    db.session.rollback()


def settle_numbers(patience: float = SETTLING) -> int:
    """Wait until every posting that was booked before now is known, and return the number of the last one."""
    begun, until = utcnow(), time.monotonic() + patience
    while time.monotonic() < until:
        with transaction():
            sums.close_seal(now=utcnow())
        with transaction():
            sums.name_seal()
        with transaction():
            sums.close_seal(now=utcnow())
        with transaction():
            settled = sums.find_settled_number(begun)
        if settled is not None:
            return settled
        time.sleep(0.2)
    raise NotSettledError


def fail_payout_run(*, slot: str | None = None, operation_id: str | None = None) -> None:
    """Fail the operation of a run whose job has died. What was made stays, and the next run goes on with it."""
    if operation_id is not None and (operation := operations.lock_pending_operation(UUID(operation_id))):
        operations.fail(operation, "not_done", "This could not be done in time; ask again.", now=utcnow())


def send_payout(run: StepwiseRun, *, payout_id: str) -> None:
    with transaction():
        plan = sending.begin_sending(UUID(payout_id), now=utcnow())
    if plan is not None:
        ask_provider(run, UUID(payout_id), plan)


def follow_payout(run: StepwiseRun, *, payout_id: str) -> None:
    plan = sending.plan_follow_up(UUID(payout_id))
    db.session.rollback()
    if plan is not None:
        ask_provider(run, UUID(payout_id), plan)


def ask_provider(run: StepwiseRun, payout_id: UUID, plan: Plan) -> None:
    """Send an order that nobody has sent; ask for one that may have gone, and repeat it only under the same key.

    A provider says for certain that it has nothing only after the time in which it could still come to it.
    """
    provider = providers.get(plan.provider)
    try:
        answer = provider.find(plan.order) if plan.may_have_gone else None
        if answer is None and not plan.may_go:
            return
        if answer is None:
            answer = provider.send(plan.order)
    except VendorRefusedError as refused:
        with run.finish():
            outcomes.note_refusal(payout_id, str(refused), now=utcnow())
        return
    except VendorError as unclear:
        with run.finish():
            outcomes.note_no_answer(payout_id, str(unclear), now=utcnow())
        return
    with run.finish():
        outcomes.apply_answer(payout_id, answer, now=utcnow())


def check_payouts(run: StepwiseRun) -> None:
    check_under_way(now=utcnow())


def check_under_way(*, now: datetime) -> int:
    return work_in_batches(
        lambda after: sending.find_under_way(after, now=now), lambda ids: sending.check_payouts(ids, now=now)
    )


def confirm_payout_account(run: StepwiseRun, *, account_id: str) -> None:
    """Ask the provider whether number and name of an account belong together."""
    plan = accounts.plan_check(UUID(account_id))
    db.session.rollback()
    if plan is None:
        return
    provider, destination = plan
    check = providers.get(provider).check_account(destination)
    with run.finish():
        accounts.note_check(UUID(account_id), check, now=utcnow())


def make_statement(*, payout_id: str) -> None:
    """Make the statement of a payout that was paid."""
    statements.make_statements_of_payee(UUID(payout_id), now=utcnow())


def make_statements(run: StepwiseRun, *, slot: str) -> None:
    """Make the statements of the last month, for whoever has none yet."""
    make_statements_of_month(last_month(local_day(datetime.fromisoformat(slot))), now=utcnow())


def make_statements_of_month(month: date, *, now: datetime) -> int:
    return work_one_by_one(
        runs.find_payable_accounts, lambda account_id: statements.make_statement_of_account(account_id, month, now=now)
    )
