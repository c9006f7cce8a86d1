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
from powerbank.rentals.states import OPEN, Status
from powerbank.stations.packages.models import PaymentModel

_MORE_THAN_ONE = text(
    "SELECT user_id FROM rentals WHERE status = ANY(:open) AND NOT came_late GROUP BY 1 HAVING count(*) > 1"
)
_PUT_ASIDE_FOR_NOTHING = text("""
    SELECT reference_id FROM ledger_holds
     WHERE status = 'open' AND reference_kind = 'rental'
       AND NOT EXISTS (SELECT FROM rentals WHERE rentals.id::text = reference_id)""")
_PROMISED_TO_NOBODY = text("""
    SELECT bank_id FROM bank_reservations p
     WHERE NOT EXISTS (SELECT FROM rentals r WHERE r.id = p.rental_id)
       AND NOT EXISTS (SELECT FROM reservations r WHERE r.id = p.rental_id AND r.status = 'active')""")
_OFF_BALANCE = text("SELECT currency FROM ledger_postings GROUP BY 1 HAVING sum(amount) <> 0")
_UNENDED = text("""
    SELECT code, status, settled_at, came_late FROM rentals
     WHERE status NOT IN ('completed', 'cancelled', 'failed', 'lost')
        OR (settled_at IS NULL AND NOT came_late
            AND id NOT IN (SELECT rental_id FROM rental_cases WHERE status = 'open'))""")
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
    assert db.session.execute(_OFF_BALANCE).all() == []
    db.session.rollback()


def at_the_end() -> None:
    assert unended() == []
    assert db.session.execute(text("SELECT * FROM bank_reservations")).all() == []
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
        assert still == (rental.deposit if rental.payment_model == PaymentModel.POSTPAID else rental.price)
    elif not (metered and unsettled):
        assert still == 0, (rental.status, still)


def _what_it_cost_is_what_its_times_say(rental: Rental) -> None:
    paid, owed = _paid_and_owed(rental)
    assert billing.amount_paid(rental) == paid, rental.status
    if rental.status in (Status.CANCELLED, Status.FAILED):
        assert (paid, owed) == (0, 0), rental.status
    if rental.status != Status.COMPLETED or rental.settled_at is None:
        return
    if not _events(rental) & {"extended", "found", "issue_reported"}:
        assert rental.ended_at is not None
        fees = rental_fees.overdue_fee_of_rental(rental, rental.ended_at) + rental_fees.usage_fee_of_rental(
            rental, rental.ended_at
        )
        price = rental.price if rental.payment_model == PaymentModel.PREPAID else 0
        assert paid + owed == price + fees


def _paid_and_owed(rental: Rental) -> tuple[int, int]:
    paid = sum(
        each.amount if each.direction == "out" else -each.amount for each in queries.payments_of_rental(rental.id)
    )
    owed = db.session.scalars(select(Due).filter_by(reference_kind="rental", reference_id=str(rental.id)))
    return paid, sum(due.left for due in owed)


def _events(rental: Rental) -> set[str]:
    query = text("SELECT event FROM rental_events WHERE rental_id = :id")
    return set(db.session.scalars(query, {"id": rental.id}))
