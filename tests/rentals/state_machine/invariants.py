"""What holds of rentals, power banks and money between any two commits, and once everything has ended.

The functions only read.
"""

from sqlalchemy import select, text

from powerbank.base.db import db
from powerbank.ledger.wallet_models import Due
from powerbank.rentals import queries
from powerbank.rentals.charges import billing
from powerbank.rentals.charges import fees as rental_fees
from powerbank.rentals.models import Rental
from powerbank.rentals.reservations import fees
from powerbank.rentals.reservations.models import Reservation, ReservationStatus
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.custody.models import BankPromise
from powerbank.stations.packages.models import PaymentModel

_HELD = text("""
    SELECT coalesce(sum(amount - captured - released), 0) FROM ledger_holds
     WHERE reference_kind = 'reservation' AND reference_id = :id""")
_PAID = text("""
    SELECT coalesce(sum(wallet - refunded_wallet), 0) FROM wallet_transactions
     WHERE reference_kind = 'reservation' AND reference_id = :id AND direction = 'out'""")
_MORE_THAN_ONE = text(
    "SELECT user_id FROM rentals WHERE status = ANY(:open) AND NOT came_late GROUP BY 1 HAVING count(*) > 1"
)
_PUT_ASIDE_FOR_NOTHING = text("""
    SELECT reference_id FROM ledger_holds
     WHERE status = 'open'
       AND NOT EXISTS (SELECT FROM rentals WHERE rentals.id::text = reference_id)
       AND NOT EXISTS (SELECT FROM reservations r WHERE r.id::text = reference_id AND r.status = 'active')""")
_PROMISED_TO_NOBODY = text("""
    SELECT bank_id FROM bank_reservations p
     WHERE NOT EXISTS (SELECT FROM rentals r WHERE r.id = p.rental_id)
       AND NOT EXISTS (SELECT FROM reservations r WHERE r.id = p.rental_id AND r.status = 'active')""")
_KEPT_FOR_NOTHING = text("""
    SELECT kept.station_id, kept.slot_number, block.outcome, block.go_to_station_id, block.go_to_slot
      FROM kept_slots AS kept
      FULL JOIN (SELECT * FROM blocked_returns WHERE outcome = 'open' AND go_to_slot IS NOT NULL) AS block
        ON block.id = kept.holder_id
     WHERE (kept.station_id, kept.slot_number) IS DISTINCT FROM (block.go_to_station_id, block.go_to_slot)
       -- one whose power bank is back waits for the job of the return
       AND NOT EXISTS (SELECT FROM custody c JOIN rentals r ON r.id = c.rental_id AND r.bank_id = c.bank_id
                        WHERE r.id = block.rental_id AND NOT upper_inf(c.period))""")
_OFF_BALANCE = text("SELECT currency FROM ledger_postings GROUP BY 1 HAVING sum(amount) <> 0")
_UNENDED = text("""
    SELECT code, status, settled_at, came_late FROM rentals
     WHERE status NOT IN ('completed', 'cancelled', 'failed', 'lost')
        OR (settled_at IS NULL AND NOT came_late
            AND id NOT IN (SELECT rental_id FROM rental_cases WHERE status = 'open'))
     UNION ALL SELECT id::text, status, ended_at, NULL FROM reservations WHERE status = 'active'
     UNION ALL SELECT id::text, outcome, paused_until, NULL FROM blocked_returns WHERE outcome = 'open'""")
_IN_HANDS_FOR_NOTHING = text("""
    SELECT c.bank_id, r.status FROM custody c LEFT JOIN rentals r ON r.id = c.rental_id
     WHERE upper_inf(c.period) AND c.place = 'user'
       AND (r.bank_id IS DISTINCT FROM c.bank_id OR r.status NOT IN ('active', 'overdue'))""")


def at_any_moment() -> None:
    db.session.rollback()
    db.session.expire_all()
    _nobody_has_more_than_one_open_rental()
    _nothing_is_put_aside_for_nothing()
    for rental in db.session.scalars(select(Rental)):
        _money_put_aside_fits_the_state(rental)
        _what_it_cost_is_what_its_times_say(rental)
    for reservation in db.session.scalars(select(Reservation)):
        _a_reservation_has_its_bank_and_its_money(reservation)
    assert db.session.execute(_KEPT_FOR_NOTHING).all() == []
    assert db.session.execute(_OFF_BALANCE).all() == []
    db.session.rollback()


def at_the_end() -> None:
    assert unended() == []
    assert db.session.execute(text("SELECT * FROM bank_reservations")).all() == []
    assert db.session.execute(text("SELECT * FROM kept_slots")).all() == []
    assert db.session.execute(_IN_HANDS_FOR_NOTHING).all() == [], "every bank in somebody's hands has a rental"
    at_any_moment()


def unended() -> list[object]:
    found = list(db.session.execute(_UNENDED).all())
    db.session.rollback()
    return found


def _nobody_has_more_than_one_open_rental() -> None:
    assert db.session.execute(_MORE_THAN_ONE, {"open": [status.value for status in OPEN]}).all() == []


def _nothing_is_put_aside_for_nothing() -> None:
    assert db.session.execute(_PUT_ASIDE_FOR_NOTHING).all() == []
    assert db.session.execute(_PROMISED_TO_NOBODY).all() == []


def _money_put_aside_fits_the_state(rental: Rental) -> None:
    still = billing.amounts_held(rental).get("NPR", 0) + rental.held_value
    waits = rental.status in (Status.PENDING, Status.EJECTING, Status.UNRESOLVED)
    metered = rental.payment_model == PaymentModel.POSTPAID and not rental.came_late
    unsettled = rental.status in (Status.ACTIVE, Status.OVERDUE) or rental.settled_at is None
    if waits:
        price = rental.price - rental.reservation_credit
        assert still == (rental.deposit if rental.payment_model == PaymentModel.POSTPAID else price)
    elif not (metered and unsettled):
        assert still == 0, (rental.status, still)


def _a_reservation_has_its_bank_and_its_money(reservation: Reservation) -> None:
    """An active one has its bank and holds the most it may cost; an ended one cost what its times say, or nothing."""
    promised = db.session.get(BankPromise, reservation.bank_id)
    has_bank = promised is not None and promised.holder_id == reservation.id
    held = db.session.scalar(_HELD, {"id": str(reservation.id)})
    paid = db.session.scalar(_PAID, {"id": str(reservation.id)})  # what a rental came of is paid for the rental
    assert paid == (0 if reservation.rental_id else reservation.fee), reservation.status
    if reservation.status == ReservationStatus.ACTIVE:
        assert has_bank
        assert held >= fees.fee_until(reservation, reservation.expires_at)
        return
    assert not has_bank
    assert held == 0
    assert reservation.ended_at is not None
    cost = fees.fee_until(reservation, reservation.ended_at)
    free = {ReservationStatus.LOST: {0}, ReservationStatus.USED: {0, cost}}
    assert reservation.fee in free.get(ReservationStatus(reservation.status), {cost}), reservation.status


def _what_it_cost_is_what_its_times_say(rental: Rental) -> None:
    paid, owed = _paid_and_owed(rental)
    assert billing.amount_paid(rental) == paid, rental.status
    fee = db.session.scalar(select(Reservation.fee).where(Reservation.rental_id == rental.id)) or 0
    if rental.status in (Status.CANCELLED, Status.FAILED):  # who walked away has paid for the minutes before
        assert (paid, owed) == (fee, 0), rental.status
    if rental.status != Status.COMPLETED or rental.settled_at is None:
        return
    if not _events(rental) & {"extended", "found", "issue_reported"}:
        assert rental.ended_at is not None
        for_time = rental_fees.overdue_fee_of_rental(rental, rental.ended_at) + rental_fees.usage_fee_of_rental(
            rental, rental.ended_at
        )
        price = rental.price - rental.reservation_credit if rental.payment_model == PaymentModel.PREPAID else 0
        assert paid + owed == fee + price + for_time


def _paid_and_owed(rental: Rental) -> tuple[int, int]:
    paid = sum(
        each.amount if each.direction == "out" else -each.amount for each in queries.payments_of_rental(rental.id)
    )
    owed = db.session.scalars(select(Due).filter_by(reference_kind="rental", reference_id=str(rental.id)))
    return paid, sum(due.left for due in owed)


def _events(rental: Rental) -> set[str]:
    query = text("SELECT event FROM rental_events WHERE rental_id = :id")
    return set(db.session.scalars(query, {"id": rental.id}))
