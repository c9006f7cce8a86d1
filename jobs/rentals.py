"""The jobs of rentals: ejections, returns, swaps, overdue fees, reminders and the sweeps."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from flask import current_app
from sqlalchemy.exc import OperationalError

from jobs.batches import FIRST
from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.mqtt.publisher import open_publisher
from powerbank.rentals import locations, notices, queries, sweeps
from powerbank.rentals.blocked_returns import next_station
from powerbank.rentals.blocked_returns import services as blocked_returns
from powerbank.rentals.blocked_returns import sweeps as blocked_return_sweeps
from powerbank.rentals.charges import settlement
from powerbank.rentals.end import completion, returns, swaps
from powerbank.rentals.reservations import services as reservations
from powerbank.rentals.reservations import sweeps as reservation_sweeps
from powerbank.rentals.staff import anomalies
from powerbank.rentals.start import ejection, initiation, refusals
from powerbank.rentals.sweeps import Step

log = structlog.get_logger(__name__)

SELF_TEST_WITHIN = timedelta(minutes=10)  # then the slot decides about a provisional return
MOST_ALERTS_OF_STEP = 20  # broken rentals of a step that staff are told of: if there are more, they have one cause


def process_rental_initiation(*, rental_id: str) -> None:
    """Send the eject command at once while the broker is there: a person stands in front of the station."""
    link = open_publisher(current_app._get_current_object())  # type: ignore[attr-defined]
    ejection.begin_ejection(UUID(rental_id), now=utcnow(), through=link)


def abandon_rental_initiation(*, rental_id: str) -> None:
    initiation.abandon_initiation(UUID(rental_id), event="initiation_expired", cause="expiry", now=utcnow())


def settle_ejection(*, command_id: str, status: str) -> None:
    """Settle the ejection by the status that its command has now. `status` is older: it is that of the event."""
    ejection.settle_ejection(UUID(command_id), now=utcnow())


def undo_ejection(*, bank_id: str, rental_id: str, station_id: str, slot_number: int, seen_at: str) -> None:
    returns.undo_ejection(UUID(rental_id), bank_id=UUID(bank_id), seen_at=datetime.fromisoformat(seen_at), now=utcnow())


def process_rental_return(
    *,
    report_id: str,
    bank_id: str,
    station_id: str,
    slot_number: int,
    rental_id: str | None,
    returned_at: str,
    received_at: str,
    provisional: bool,
    how: str,
) -> None:
    found = UUID(rental_id) if rental_id else returns.find_waiting_rental(UUID(bank_id))
    if found is None:
        returns.publish_unmatched_return(UUID(bank_id), UUID(station_id), slot_number)
        return
    returns.process_return(
        rental_id=found,
        bank_id=UUID(bank_id),
        station_id=UUID(station_id),
        slot_number=slot_number,
        returned_at=datetime.fromisoformat(returned_at),
        provisional=provisional,
        how=how,
        now=utcnow(),
    )


def complete_found_rental(
    *, bank_id: str, station_id: str | None, slot_number: int | None, found_at: str, found_by: str
) -> None:
    returns.complete_found_rental(
        UUID(bank_id),
        station_id=UUID(station_id) if station_id else None,
        slot_number=slot_number,
        found_at=datetime.fromisoformat(found_at),
        found_by=found_by,
        now=utcnow(),
    )


def finish_provisional_return(
    *, bank_id: str, station_id: str, slot_number: int | None, rental_id: str | None, passed: bool
) -> None:
    if rental_id:
        returns.finish_provisional_return(UUID(rental_id), passed=passed, now=utcnow())


def process_overdue_payment(*, rental_id: str) -> None:
    settlement.settle_rental(UUID(rental_id), now=utcnow())


def conclude_rental(*, rental_id: str) -> None:
    completion.conclude_rental(queries.lock_rental(UUID(rental_id)))


def swap_rental(*, rental_id: str) -> None:
    swaps.begin_swap(UUID(rental_id), now=utcnow())


def abandon_swap(*, rental_id: str) -> None:
    swaps.abandon_swap(UUID(rental_id), now=utcnow())


def send_rental_reminder(*, rental_id: str, due_at: str) -> None:
    notices.send_reminder(UUID(rental_id), due_at=datetime.fromisoformat(due_at), now=utcnow())


def expire_reservation(*, reservation_id: str) -> None:
    reservations.expire_reservation(UUID(reservation_id), now=utcnow())


def end_return_pause(*, block_id: str) -> None:
    blocked_returns.end_return_pause(UUID(block_id), now=utcnow())


def move_kept_slot(*, block_id: str) -> None:
    next_station.move_kept_slot(UUID(block_id), now=utcnow())


def sweep_promises(run: StepwiseRun) -> None:
    now = utcnow()
    run_sweep(*reservation_sweeps.reservation_steps(now), *blocked_return_sweeps.blocked_return_steps(now))


def sweep_overdue_rentals(run: StepwiseRun) -> None:
    now = utcnow()
    run_sweep(sweeps.overdue_step(now), sweeps.loss_step(now))


def sweep_stuck_rentals(run: StepwiseRun) -> None:
    now = utcnow()
    run_sweep(
        *sweeps.stuck_steps(now),
        sweeps.provisional_return_step(now - SELF_TEST_WITHIN),
        sweeps.paid_not_ejected_step(now),
    )


def run_sweep(*steps: Step) -> int:
    """Run all steps, also after one that fails, and return how many rentals they found. Errors follow at the end."""
    found, errors = 0, list[Exception]()
    for step in steps:
        try:
            found += _run_step(step)
        except Exception as error:
            errors.append(error)
    if errors:
        raise ExceptionGroup("steps of a sweep that failed", errors)
    return found


def _run_step(step: Step) -> int:
    """Work on each rental of a step in a transaction of its own.

    A rental that fails keeps no other from its turn, and the sweep goes on. Otherwise the sweep of each minute would
    stop at the same rental.
    """
    failed = 0

    def work(rental_id: UUID) -> None:
        nonlocal failed
        try:
            with transaction():
                step.work(rental_id)
        except OperationalError as busy:
            db.session.rollback()
            if busy.connection_invalidated:
                raise
            log.warning("a rental is locked, and the next sweep comes to it", rental_id=str(rental_id))
        except Exception as error:
            db.session.rollback()
            log.exception("a sweep cannot move a rental on", rental_id=str(rental_id))
            failed += 1
            if failed <= MOST_ALERTS_OF_STEP:
                with transaction():
                    sweeps.publish_broken_row(step, rental_id, error)

    found, after = 0, FIRST
    while rental_ids := step.find(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        for rental_id in rental_ids:
            work(rental_id)
        found, after = found + len(rental_ids), rental_ids[-1]
    db.session.rollback()
    return found


def scan_for_anomalies() -> None:
    anomalies.scan_for_anomalies(now=utcnow())


def prune_locations() -> None:
    locations.delete_old_locations(utcnow())
    blocked_returns.forget_old_places(now=utcnow())


def prune_refused_starts() -> None:
    refusals.sum_up_old_refusals(utcnow())
