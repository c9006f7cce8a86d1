from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import sums
from powerbank.ledger.books import reconciliation


def seal_ledger_sums(run: StepwiseRun) -> None:
    with transaction():
        sums.close_seal(now=utcnow())
    with transaction():
        sums.name_seal()


def reconcile_ledger(run: StepwiseRun) -> None:
    report = reconciliation.recount(run.id, now=utcnow())
    with run.finish():
        reconciliation.store_recount(report, now=utcnow())
