from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.integrations.mqtt.publisher import open_publisher
from powerbank.rentals import notices, queries, sweeps
from powerbank.rentals.charges import settlement
from powerbank.rentals.end import completion, returns, swaps
from powerbank.rentals.staff import anomalies
from powerbank.rentals.start import ejection, initiation


def process_rental_initiation(*, rental_id: str) -> None:
    """Somebody stands in front of the station: while the broker is there, the command waits for no other worker."""
    link = open_publisher(current_app._get_current_object())  # type: ignore[attr-defined]
    ejection.begin_ejection(UUID(rental_id), now=utcnow(), through=link)


def abandon_rental_initiation(*, rental_id: str) -> None:
    initiation.abandon_initiation(UUID(rental_id), event="initiation_expired", cause="expiry", now=utcnow())


def settle_ejection(*, command_id: str, status: str) -> None:
    """`status` is what it was when this was asked for; what it is now counts."""
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
    notices.send_reminder(UUID(rental_id), due_at=datetime.fromisoformat(due_at))


def sweep_overdue_rentals(run: StepwiseRun) -> None:
    sweeps.in_turn(lambda: sweeps.mark_overdue(utcnow()), lambda: sweeps.declare_lost(utcnow()))


def sweep_stuck_rentals(run: StepwiseRun) -> None:
    sweeps.in_turn(
        lambda: sweeps.resume_stuck(utcnow()),
        lambda: sweeps.finish_provisional(utcnow() - timedelta(minutes=10)),
        lambda: sweeps.tell_paid_not_ejected(utcnow()),
    )


def scan_for_anomalies() -> None:
    anomalies.scan_for_anomalies(now=utcnow())


def prune_locations() -> None:
    sweeps.forget_locations(utcnow())
