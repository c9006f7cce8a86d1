"""The jobs of partners: what accrues at the end of a month, and what staff hear of agreements that end."""

from datetime import date, datetime

from jobs.batches import work_in_batches, work_one_by_one
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.partners.accruals import monthly
from powerbank.partners.agreements import services as agreements


def accrue_monthly_shares(run: StepwiseRun, *, slot: str) -> None:
    accrue_month(monthly.last_month(local_day(datetime.fromisoformat(slot))))


def accrue_month(month: date) -> int:
    """Accrue rents and minimums of a month. Return how many agreements were looked at."""
    return work_one_by_one(
        lambda after: monthly.find_agreements_of_month(month, after=after),
        lambda agreement_id: monthly.accrue_month(agreement_id, month),
    )


def tell_of_ending_agreements(run: StepwiseRun) -> None:
    today = local_day(utcnow())
    work_in_batches(lambda after: agreements.find_ending(after, today=today), agreements.tell_of_end)
