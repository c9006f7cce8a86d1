"""The nightly comparison of payments with what their gateways have, and the end of old records."""

from datetime import datetime

from jobs.batches import repeat_until_none
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.payments import cleanup, gateways
from powerbank.payments.review import comparison
from powerbank.payments.topups import settlement

AWAY_AFTER = 3  # failures in a row


def compare_settlements(run: StepwiseRun) -> None:
    with transaction():
        comparison.begin_check(now=utcnow())
    with run.finish():
        comparison.request_lanes()


def compare_payments(run: StepwiseRun, *, gateway: str, lane: int) -> None:
    compare_lane(gateway, lane)
    with run.finish():
        comparison.end_lane(gateway, lane, now=utcnow())


def compare_lane(gateway: str, lane: int) -> None:
    """Ask the gateway for each payment of a lane outside any transaction, and record each answer at once.

    A gateway that fails several times in a row is away: the job is tried again later and goes on here.
    """
    failures = 0
    while waiting := comparison.next_payments(gateway, lane):
        db.session.rollback()  # no snapshot stays open while the gateway takes its time
        for check_id, intent_id in waiting:
            try:
                payment = settlement.look_up_payment(intent_id)
            except (VendorRefusedError, gateways.UnknownGatewayError) as refused:
                failures = 0
                with transaction():
                    comparison.record_no_answer(check_id, intent_id, str(refused))
            except VendorError as away:
                failures += 1
                with transaction():
                    comparison.record_failed_try(check_id, intent_id, str(away))
                if failures == AWAY_AFTER:
                    raise
            else:
                failures = 0
                with transaction():
                    comparison.record_answer(check_id, intent_id, payment, now=utcnow())


def prune_payments(run: StepwiseRun) -> None:
    delete_old_records(now=utcnow())


def delete_old_records(*, now: datetime) -> None:
    repeat_until_none(lambda: cleanup.delete_old_events(now=now))
    with transaction():
        cleanup.delete_old_comparisons(now=now)
        cleanup.delete_old_alerts(now=now)
