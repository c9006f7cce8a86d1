"""The making of coupons by staff. The table refuses rules that do not go together, and limits below what was used."""

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg2.errors import ForeignKeyViolation
from sqlalchemy.dialects.postgresql import insert

from powerbank.api.auth import Staff
from powerbank.base import audit
from powerbank.base.database_errors import Refusals, already_exists_error, in_use_error, inconsistent_error, refusing_on
from powerbank.base.db import new_id, open_session
from powerbank.base.errors import ConflictError, InvalidFieldsError, NotFoundError
from powerbank.ledger.adjustments import allowances
from powerbank.outbox.enqueue import publish
from powerbank.promotions.events import CouponWaits
from powerbank.promotions.models import Code, Coupon, Kind

# No letters and digits that look alike when read aloud or off a screen.
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
RANDOM = 10  # letters: nobody guesses one of a million among 8·10¹⁴

# The fields that decide how much a coupon may give. Whoever changes one of them answers for the coupon from then on.
GIVES = frozenset({"value", "budget", "total_limit", "per_user_limit", "first_rental_only", "campaign_id"})


DESCRIBED = (
    "name",
    "kind",
    "code",
    "value",
    "most",
    "min_price",
    "campaign_id",
    "starts_at",
    "ends_at",
    "budget",
    "total_limit",
    "per_user_limit",
    "first_rental_only",
    "stackable",
    "active",
)


def create_coupon(*, code: str | None, by: UUID | None = None, **values: Any) -> Coupon:
    session = open_session()
    coupon = Coupon(**values, set_by=by)
    session.add(coupon)
    with refusing_on(_known_refusals()):
        session.flush()
        if code is not None:
            session.add(Code(code=code.upper(), coupon_id=coupon.id, most_uses=None))
            session.flush()
    session.refresh(coupon)
    if by is not None:
        _record("create", coupon, by=by, new=describe_coupon(coupon))
    _publish_if_it_waits(coupon)
    return coupon


def change_coupon(coupon: Coupon, changes: Mapping[str, Any], *, by: UUID) -> None:
    """Change a coupon.

    One that is in use stays in its campaign, which has paid for it and gets back what is given back.
    """
    if coupon.used and changes.get("campaign_id", coupon.campaign_id) != coupon.campaign_id:
        raise ConflictError("in_use", "This coupon has been used; its campaign cannot be changed any more.")
    old = describe_coupon(coupon)
    gives_otherwise = any(name in GIVES and getattr(coupon, name) != value for name, value in changes.items())
    if gives_otherwise:
        coupon.set_by, coupon.approved_by = by, None
    for name, value in changes.items():
        setattr(coupon, name, value)
    with refusing_on(_known_refusals()):
        open_session().flush()
    _record("update", coupon, by=by, old=old, new=describe_coupon(coupon))
    if gives_otherwise:
        _publish_if_it_waits(coupon)


def delete_coupon(coupon: Coupon, *, by: UUID) -> None:
    """Delete a coupon, unless somebody has kept or used it."""
    _record("delete", coupon, by=by, old=describe_coupon(coupon))
    open_session().delete(coupon)
    with refusing_on({ForeignKeyViolation: in_use_error()}):
        open_session().flush()


def approve_coupon(coupon: Coupon, *, staff: Staff) -> None:
    """Approve a coupon as the second person. All that it may give must be known, so it needs a limit."""
    if coupon.kind != Kind.POINTS or coupon.approved_by is not None or coupon.set_by is None:
        raise ConflictError("nothing_to_approve", "This coupon needs no second person.")
    if coupon.set_by == staff.id:
        raise allowances.second_person_error()
    if coupon.budget is None and coupon.total_limit is None:
        raise ConflictError("coupon_unbounded", "Give it a budget or a limit in all first.")
    coupon.approved_by = staff.id
    open_session().flush()
    _record("approve", coupon, by=staff.id, new=describe_coupon(coupon))


def stop_coupon(coupon: Coupon, *, staff: Staff) -> None:
    """Stop a coupon: nobody can use it from then on."""
    change_coupon(coupon, {"active": False}, by=staff.id)


def describe_coupon(coupon: Coupon) -> dict[str, Any]:
    """Describe a coupon as the audit log keeps it."""
    described = {name: getattr(coupon, name) for name in DESCRIBED}
    return {name: value if isinstance(value, int | None) else str(value) for name, value in described.items()}


def _record(action: str, coupon: Coupon, *, by: UUID, **values: dict[str, Any]) -> None:
    audit.record(
        actor=audit.staff_actor(by),
        action=f"coupons.{action}",
        object_kind="coupons",
        object_id=coupon.id,
        **values,
    )


def _publish_if_it_waits(coupon: Coupon) -> None:
    """Publish that a coupon of points waits for a second person.

    Until then it gives no more than its maker alone may give.
    """
    if coupon.needs_approval:
        version = f"{coupon.id}:{new_id()}"
        publish(CouponWaits(coupon_id=coupon.id, version=version, name=coupon.name, points=coupon.value))


def _known_refusals() -> Refusals:
    unknown = {"campaign_id": ["There is no such campaign."]}
    return {
        "pk_coupon_codes": already_exists_error(),
        "fk_coupons_campaign_id_campaigns": InvalidFieldsError(unknown),
        **{
            f"ck_coupons_{rule}": inconsistent_error()
            for rule in ("value", "most", "min_price", "budget", "total_limit", "per_user_limit", "window")
        },
    }


def lock_coupon(coupon_id: UUID) -> Coupon:
    coupon = open_session().get(Coupon, coupon_id, with_for_update={"of": Coupon}, populate_existing=True)
    if coupon is None:
        raise NotFoundError("coupon")
    return coupon


def make_codes(coupon: Coupon, *, count: int, prefix: str, by: UUID) -> list[str]:
    """Make so many new codes, each for one use. A code that exists already is made anew."""
    made: list[str] = []
    while len(made) < count:
        rows = [
            {"code": prefix.upper() + _random_letters(), "coupon_id": coupon.id, "most_uses": 1, "uses": 0}
            for _ in range(count - len(made))
        ]
        statement = insert(Code).on_conflict_do_nothing(index_elements=["code"]).returning(Code.code)
        made += open_session().scalars(statement, rows).all()
    _record("make_codes", coupon, by=by, new={"count": count, "prefix": prefix})
    return made


def _random_letters() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(RANDOM))
