"""The nightly comparison of payments with what their gateways have, and the end of old records."""

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import transaction, utcnow
from powerbank.payments import cleanup
from powerbank.payments.review import comparison


def compare_settlements(run: StepwiseRun) -> None:
    with transaction():
        comparison.begin_check(now=utcnow())
    with run.finish():
        comparison.request_lanes()


def compare_payments(run: StepwiseRun, *, gateway: str, lane: int) -> None:
    comparison.compare_lane(gateway, lane)
    with run.finish():
        comparison.end_lane(gateway, lane, now=utcnow())


def prune_payments(run: StepwiseRun) -> None:
    cleanup.prune(now=utcnow())
