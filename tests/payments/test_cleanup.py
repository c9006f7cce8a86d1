"""Records of payments end after their time."""

from flask import Flask

from jobs.payments import review as review_jobs
from powerbank.base.db import new_id, utcnow
from tests.payments.conftest import Payer
from tests.people import change, rows


def test_raw_events_are_forgotten_after_their_time(payer: Payer, app: Flask) -> None:
    """What the gateway signed after months, what anybody could have sent after days."""
    signed = {("processed", 179), ("processed", 181), ("received", 400), ("waiting", 179)}
    unsigned = {
        ("forged", 2),
        ("forged", 4),
        ("processed", 13),
        ("processed", 15),
        ("waiting", 6),
        ("waiting", 8),
        ("ignored", 2),
        ("ignored", 4),
        ("received", 13),
        ("received", 15),
    }
    for named, (state, days) in [(True, each) for each in signed] + [(False, each) for each in unsigned]:
        change(
            app,
            "INSERT INTO gateway_events (id, gateway, body, state, event_id, received_at)"
            " VALUES (:id, 'stripe', '', :state, :event_id, now() - :days * interval '1 day')",
            id=(id_ := new_id()),
            state=state,
            event_id=str(id_) if named else None,
            days=days,
        )
    with app.app_context():
        review_jobs.delete_old_records(now=utcnow())
    left = rows(
        app,
        "SELECT event_id IS NOT NULL AS signed, state, extract(day FROM now() - received_at)::int AS days"
        " FROM gateway_events",
    )
    assert {(row.state, row.days) for row in left if row.signed} == signed - {("processed", 181)}
    assert {(row.state, row.days) for row in left if not row.signed} == {
        ("forged", 2),
        ("processed", 13),
        ("waiting", 6),
        ("ignored", 2),
        ("received", 13),
    }
