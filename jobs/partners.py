"""The jobs of partners: what accrues at the end of a month."""

from datetime import date, datetime

from jobs.batches import work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.clock import local_day
from powerbank.partners import monthly


def accrue_monthly_shares(run: StepwiseRun, *, slot: str) -> None:
    accrue_month(monthly.last_month(local_day(datetime.fromisoformat(slot))))


def accrue_month(month: date) -> int:
    """Accrue rents and minimums of a month. Return how many agreements were looked at."""
    return work_one_by_one(
        lambda after: monthly.find_agreements_of_month(month, after=after),
        lambda agreement_id: monthly.accrue_month(agreement_id, month),
    )
