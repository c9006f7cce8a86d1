"""Each job of the catalogue, delivered twice and twice at once, leaves the database as one delivery does."""

import json
import smtplib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from urllib3 import HTTPConnectionPool

from jobs.worker import runtime
from powerbank.base.db import db, transaction
from powerbank.outbox import catalogue, heartbeats, policy, relay
from powerbank.outbox.enqueue import enqueue_with, unique_key
from tests.databases import Emptier
from tests.jobs.prepared_money import (
    achievement_made,
    achiever,
    comparison_begun,
    credit_low,
    due_late,
    due_open,
    event_received,
    friend_brought,
    money_moved,
    much_spent,
    old_events,
    options_wanted,
    options_wanted_long_ago,
    payment_given_back,
    points_for_many,
    points_over,
    polls_late,
    refund_approved,
    refund_followed,
    rental_finished,
    rental_undone,
    settled_of_late,
    tallies_wrong,
    topup_earned,
    topup_late,
    topup_open,
    topup_wanted,
)
from tests.jobs.prepared_people import (
    Arguments,
    code_asked_for,
    code_asked_for_and_forgotten,
    delivery_on,
    documents_long_rejected,
    documents_sent,
    event_to_tell,
    joined_long_ago,
    message_to_all,
    nothing,
    notice_taken,
    old_notices,
    one_too_many,
    person_forgotten,
    person_just_banned,
    registration,
    registration_by_code,
    scheduled_revision,
    staff_to_tell,
    template_to_try,
)
from tests.jobs.prepared_stations import (
    bank_back,
    bank_back_to_be_tested,
    bank_out,
    bank_seen_again,
    banks_listed,
    command_overdue,
    issue_reported,
    location_of_long_ago,
    many_sign_ups,
    rental_due,
    rental_nearly_due,
    rental_over,
    rental_stuck,
    reports_of_last_year,
    station_heard_of,
    station_said_to_be_offline,
    station_silent,
    swap_owed,
)
from tests.ledger.conftest import make_person
from tests.rentals import rentals_in_states as renting

# What each job needs to have something to do. A new job without a line here fails the test below.
PREPARE: dict[str, Callable[[], Arguments]] = {
    "publish_content": scheduled_revision,
    "send_otp": code_asked_for,
    "post_registration": registration,
    "process_referral": registration_by_code,
    "create_notification": notice_taken,
    "send_push": delivery_on("push"),
    "send_sms": delivery_on("sms"),
    "send_email": delivery_on("email"),
    "close_delivery": delivery_on("sms"),
    "broadcast_system_message": message_to_all,
    "send_template_test": template_to_try,
    "send_digest": one_too_many,
    "remind_unfinished": joined_long_ago,
    "finish_accounts": joined_long_ago,
    "notify_user": event_to_tell,
    "notify_staff": staff_to_tell,
    "prune_notifications": old_notices,
    "prune_sign_ins": code_asked_for_and_forgotten,
    "process_kyc_submission": documents_sent,
    "delete_documents": person_forgotten,
    "delete_old_documents": documents_long_rejected,
    "admin_user_action": person_just_banned,
    "seal_ledger_sums": money_moved,
    "reconcile_ledger": money_moved,
    "create_payment_url": topup_wanted,
    "give_up_payment_url": topup_wanted,
    "expire_payment_intent": topup_late,
    "close_payment_intent": topup_late,
    "poll_pending_payment": topup_open,
    "poll_pending_payments": polls_late,
    "process_payment_webhook": event_received,
    "update_exchange_rates": nothing,
    "check_exchange_rates": nothing,
    "process_gateway_refund": event_received,
    "process_gateway_dispute": event_received,
    "refund_topup": refund_approved,
    "follow_refund": refund_followed,
    "alert_low_credit": credit_low,
    "alert_critical_credit": credit_low,
    "alert_high_usage": much_spent,
    "remind_of_dues": due_open,
    "collect_late_dues": due_open,
    "collect_late_dues_of": due_late,
    "register_powerbanks": banks_listed,
    "compare_settlements": settled_of_late,
    "compare_payments": comparison_begun,
    "prune_payments": old_events,
    "calculate_payment_options": options_wanted,
    "fail_operation": options_wanted,
    "send_callback": options_wanted,
    "prune_operations": options_wanted_long_ago,
    "award_points": lambda: {"user_id": str(make_person()), "earning": "kyc", "object_id": "x", "quantity": 0},
    "reward_topup": topup_earned,
    "reward_kyc": lambda: {"user_id": str(make_person()), "submission_id": "s"},
    "reward_rental": rental_finished,
    "reward_referral": friend_brought,
    "reverse_points": payment_given_back,
    "reverse_rental": rental_undone,
    "expire_points": points_over,
    "warn_of_expiring_points": points_over,
    "bulk_award_points": points_for_many,
    "process_rental_initiation": lambda: {"rental_id": str(renting.pending())},
    "abandon_rental_initiation": lambda: {"rental_id": str(renting.pending())},
    "settle_ejection": bank_out,
    "undo_ejection": bank_seen_again,
    "process_rental_return": bank_back,
    "finish_provisional_return": bank_back_to_be_tested,
    "process_overdue_payment": rental_over,
    "conclude_rental": rental_over,
    "swap_rental": swap_owed,
    "abandon_swap": swap_owed,
    "send_rental_reminder": rental_nearly_due,
    "sweep_overdue_rentals": rental_due,
    "sweep_stuck_rentals": rental_stuck,
    "prune_locations": location_of_long_ago,
    "scan_for_anomalies": many_sign_ups,
    "count_rental": rental_finished,
    "uncount_rental": rental_undone,
    "count_points": lambda: {"user_id": str(make_person()), "points": 5, "earning": "kyc", "object_id": "x"},
    "count_reversal": lambda: {"user_id": str(make_person()), "points": 5, "object_id": "x"},
    "count_referral": lambda: {
        "user_id": str(make_person()),
        "invitee_id": "x",
        "referral_id": "r",
        "points": 5,
    },
    "check_achievements": lambda: {"user_id": achiever()},
    "find_achievers": achievement_made,
    "update_leaderboard": lambda: {"user_id": achiever()},
    "recompute_leaderboard": tallies_wrong,
    "process_station_issue": issue_reported,
    "send_station_command": command_overdue,
    "request_station_snapshot": command_overdue,
    "check_station_command": command_overdue,
    "update_station_status": station_heard_of,
    "check_station_connectivity": station_said_to_be_offline,
    "check_offline_stations": station_silent,
    "prune_station_reports": reports_of_last_year,
    "tick": nothing,
    "redeliver_stranded_jobs": nothing,
    "monitor_queues": nothing,
    "prune_jobs": nothing,
    "prune_idempotency_keys": nothing,
}

# Times and the bookkeeping of the delivery itself differ from run to run and mean nothing.
UNTOLD = {
    "id",
    "created_at",
    "finished_at",
    "published_at",
    "raised_at",
    "lease_until",
    "run_after",
    "last_run_at",
    "last_duration_ms",
    "last_job_id",
    "next_run_at",
    "publish_at",
    "expires_at",
    "claimed_by",
    "arguments",
    "deliveries",
    "seen_at",
    "started_at",
    "shown_at",
    "withheld_at",
    "dedup_key",
    "horizon",
    "made_at",
    "sealed_at",
    "processed_at",
    "warned_at",
    "at",
}


def shown(value: object) -> str:
    return value.hex() if isinstance(value, memoryview) else str(value)


def snapshot(emptier: Emptier) -> str:
    db.session.rollback()
    found: dict[str, list[Any]] = {}
    for name in sorted(emptier.filled()):
        rows = [dict(row._mapping) for row in db.session.execute(text(f'SELECT * FROM "{name}"'))]
        told = [{key: value for key, value in row.items() if key not in UNTOLD} for row in rows]
        found[name] = sorted(json.dumps(row, default=shown, sort_keys=True) for row in told)
    return json.dumps(found, indent=1)


def deliver(app: Flask, spec: policy.JobSpec, outbox_id: str | None, arguments: Arguments) -> None:
    with app.app_context():
        runtime.run(spec.name, outbox_id, None if outbox_id else dict(arguments), worker="w")


def assert_done(spec: policy.JobSpec, outbox_id: str | None) -> None:
    """A job that failed would change nothing the second time either."""
    if spec.durable:
        state = db.session.scalar(text("SELECT state FROM outbox_jobs WHERE id = :id"), {"id": outbox_id})
        assert state == "done"


@pytest.fixture(autouse=True)
def _running(context: Flask) -> None:
    """As in a network that runs: the sweep finds a Redis that remembers, and the worker of these runs alive."""
    relay.send_all_open_jobs()
    heartbeats.beat(db.engine, name="w", kind="worker", queues=[])


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whom a job has called, over HTTP or by mail."""
    found: list[str] = []
    request, mail = HTTPConnectionPool.urlopen, smtplib.SMTP.send_message

    def noted_request(pool: HTTPConnectionPool, *arguments: Any, **more: Any) -> Any:
        found.append(pool.host)
        return request(pool, *arguments, **more)

    def noted_mail(*arguments: Any, **more: Any) -> Any:
        found.append("mail")
        return mail(*arguments, **more)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", noted_request)
    monkeypatch.setattr(smtplib.SMTP, "send_message", noted_mail)
    return found


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice(context: Flask, emptier: Emptier, spec: policy.JobSpec, called: list[str]) -> None:
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
        outbox_id = enqueue_with(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    called.clear()
    deliver(context, spec, identifier, arguments)
    assert_done(spec, identifier)
    assert spec.vendor or not called, "the catalogue does not say that it calls a vendor"
    once = snapshot(emptier)
    deliver(context, spec, identifier, arguments)
    assert snapshot(emptier) == once


@pytest.mark.parametrize("spec", catalogue.JOBS, ids=lambda spec: spec.name)
def test_delivered_twice_at_once(context: Flask, emptier: Emptier, spec: policy.JobSpec) -> None:
    arguments = PREPARE[spec.name]()
    with transaction():
        outbox_id = enqueue_with(spec, arguments)
    identifier = str(outbox_id) if outbox_id else None
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(lambda _: deliver(context, spec, identifier, arguments), range(4)))
    together = snapshot(emptier)
    deliver(context, spec, identifier, arguments)
    assert snapshot(emptier) == together
    assert_done(spec, identifier)


@pytest.mark.parametrize("spec", [entry.job for entry in catalogue.SCHEDULES], ids=lambda spec: spec.name)
def test_while_nobody_works_a_scheduled_job_asks_for_nothing_twice(context: Flask, spec: policy.JobSpec) -> None:
    """Or a backlog grows by itself: each slot of the schedule would add the same jobs once more. What staff are told
    has a key of its own, by which two are one."""
    arguments = PREPARE[spec.name]()
    with transaction() as session:
        session.execute(text("UPDATE outbox_jobs SET lease_until = now() + interval '1 day'"))
    asked = []
    for _ in range(3):
        with transaction():
            outbox_id = enqueue_with(spec, arguments)
        deliver(context, spec, str(outbox_id), arguments)
        query = text("""SELECT job, arguments::text, count(*) FROM outbox_jobs
                         WHERE state = 'open' AND job <> 'notify_staff' GROUP BY 1, 2 ORDER BY 1, 2""")
        asked.append([tuple(row) for row in db.session.execute(query)])
        db.session.rollback()
    assert asked[1:] == asked[:1] * 2


def test_asking_twice_for_what_is_unique_is_one_job() -> None:
    spec = policy.JobSpec("x", body="y.z", queue=policy.Queue.DEFAULT, unique=policy.Unique.ONCE)
    assert unique_key(spec, {"a": 1, "b": 2}) == unique_key(spec, {"b": 2, "a": 1})
    assert unique_key(spec, {"a": 1}) != unique_key(spec, {"a": "1"})
