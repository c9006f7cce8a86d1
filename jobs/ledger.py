"""The jobs that keep sums of the ledger, and count all of it again each night."""

from datetime import datetime
from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import sums
from powerbank.ledger.books import reconciliation
from powerbank.ledger.books.reconciliation import Recount


def seal_ledger_sums(run: StepwiseRun) -> None:
    with transaction():
        sums.close_seal(now=utcnow())
    with transaction():
        sums.name_seal()


def reconcile_ledger(run: StepwiseRun) -> None:
    recount = recount_ledger(run.id, now=utcnow())
    with run.finish():
        reconciliation.store_recount(recount, now=utcnow())


def recount_ledger(recount_id: UUID, *, now: datetime) -> Recount:
    """Count the whole ledger again, and tell staff of the first difference before the rest is read."""
    with transaction():
        reconciliation.begin_recount(recount_id, now=now)
    recount = Recount(recount_id)
    for difference in reconciliation.find_differences(recount):
        if recount.differences == 1:
            with transaction():
                reconciliation.announce_difference(recount_id, difference)
    return recount
