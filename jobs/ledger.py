from jobs.stepwise import StepwiseRun
from powerbank.db import transaction, utcnow
from powerbank.ledger import reconciliation, sums


def seal_ledger_sums(run: StepwiseRun) -> None:
    with transaction():
        sums.close_seal(now=utcnow())
    with transaction():
        sums.name_seal()


def reconcile_ledger(run: StepwiseRun) -> None:
    report = reconciliation.recount(run.id, now=utcnow())
    with run.finish():
        reconciliation.keep(report, now=utcnow())
