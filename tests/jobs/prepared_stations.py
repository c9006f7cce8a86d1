"""Prepare the stations and rentals that jobs need to have something to do."""

import json
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, first_id_of, transaction, utcnow
from powerbank.ops import job_decisions
from powerbank.ops.job_queries import JobFilter
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import State
from powerbank.rentals import queries as rental_queries
from powerbank.rentals.charges import billing
from powerbank.rentals.end import losses
from powerbank.rentals.models import RentalLocation
from powerbank.rentals.start import initiation
from powerbank.rentals.start.models import RefusedStart
from powerbank.stations.actions import services as actions
from powerbank.stations.commands import services as commands
from powerbank.stations.custody import registration
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, Whereabouts
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.registry import services as stations
from powerbank.stations.registry.filters import StationFilter
from powerbank.users.models import User
from tests.jobs.prepared_people import Arguments
from tests.ledger.conftest import make_person
from tests.rentals import rentals_in_states as renting


def decision_about_dead_letters() -> Arguments:
    with transaction() as session:
        member = StaffMember(email="o@example.com", password_hash="unused", role=Role.OPERATIONS)
        session.add(member)
        session.flush()
        dead_id = enqueue(notification_jobs.REMIND_UNFINISHED)
        session.execute(
            text("UPDATE outbox_jobs SET state = 'dead', cause = 'refused', finished_at = now() WHERE id = :id"),
            {"id": dead_id},
        )
        operation = job_decisions.request_decision(
            decision="discard",
            reason="Nobody needs it.",
            ids=[dead_id],
            jobs=JobFilter(State.DEAD),
            staff_id=member.id,
            now=utcnow(),
        )
        session.execute(text("DELETE FROM outbox_jobs WHERE state = 'open'"))
    return {"operation_id": str(operation.id)}


def banks_listed() -> Arguments:
    with transaction() as session:
        member = StaffMember(email="o@example.com", password_hash="unused", role=Role.OPERATIONS)
        session.add(member)
        session.flush()
        operation = registration.request_registration(["1", "2", "3"], model=None, staff_id=member.id, now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"operation_id": str(operation.id)}


def action_on_stations() -> Arguments:
    with transaction() as session:
        stations.register_station(
            sn="A", imei="A", name="A", address="A", city="A", lat=0, lng=0, slots=1, protocol="json-v1", now=utcnow()
        )
        member = StaffMember(email="o@example.com", password_hash="unused", role=Role.OPERATIONS)
        session.add(member)
        session.flush()
        operation = actions.request_action(
            action="reboot",
            parameters={},
            reason="They hang.",
            sns=["A"],
            stations=StationFilter(),
            count=None,
            per_minute=None,
            most_failures=None,
            staff_id=member.id,
            now=utcnow(),
        )
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"operation_id": str(operation.id)}


def issue_reported() -> Arguments:
    with transaction() as session:
        station, _ = stations.register_station(
            sn="A", imei="A", name="A", address="A", city="A", lat=0, lng=0, slots=1, protocol="json-v1", now=utcnow()
        )
        user = User(username="sita", referral_code="SITA")
        session.add(user)
        session.flush()
        issue = issues.report_issue(
            user_id=user.id, sn=station.sn, issue_type=IssueType.DIRTY, description=None, now=utcnow()
        )
        session.execute(text("DELETE FROM outbox_jobs"))
        report_id = session.scalar(text("SELECT id FROM station_issue_reports WHERE issue_id = :id"), {"id": issue.id})
    return {"report_id": str(report_id)}


def command_overdue() -> Arguments:
    with transaction() as session:
        station, _ = stations.register_station(
            sn="A", imei="A", name="A", address="A", city="A", lat=0, lng=0, slots=1, protocol="json-v1", now=utcnow()
        )
        command = commands.request_command(
            station_id=station.id,
            command="eject_powerbank",
            parameters={"slot_number": 1, "powerbank_sn": "1"},
            requested_by="test",
            now=utcnow() - timedelta(minutes=1),
        )
        command_id = str(command.id)
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"command_id": command_id}


def station_heard_of() -> Arguments:
    command_overdue()
    return {
        "station_imei": "A",
        "kind": "heartbeat",
        "received_at": "2026-01-01T00:00:00+00:00",
        "payload": json.dumps(
            {"status": "online", "slots": [{"slot_number": 1, "status": "ok", "powerbank_sn": None}]}
        ),
    }


def station_said_to_be_offline() -> Arguments:
    report_id = issue_reported()["report_id"]
    with transaction() as session:
        issue_id = session.scalar(text("SELECT issue_id FROM station_issue_reports WHERE id = :id"), {"id": report_id})
    return {"issue_id": str(issue_id), "command_id": None}


def station_silent() -> Arguments:
    station_heard_of()
    with transaction() as session:
        session.execute(text("UPDATE station_live SET online = true, last_seen = now() - interval '1 h'"))
        session.execute(text("INSERT INTO station_state (station_id) SELECT id FROM stations"))
    return {}


def reports_of_last_year() -> Arguments:
    station_heard_of()
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO station_messages (id, station_id, received_at, kind, outcome, topic, payload) SELECT"
                " '01900000-0000-7000-8000-000000000000', id, now(), 'x', 'applied', 'x', '' FROM stations"
            )
        )
    return {}


def bank_out() -> Arguments:
    rental_id = renting.ejected()
    with transaction():
        return {"command_id": str(renting.command_of(rental_id).id), "status": "succeeded"}


def bank_back() -> Arguments:
    rental_id = renting.active()
    with transaction():
        station_id = renting.station_id("A")
        bank_id = renting.put_back("A-1", station_id, 2, utcnow())
    return {
        "report_id": "r",
        "bank_id": str(bank_id),
        "station_id": str(station_id),
        "slot_number": 2,
        "rental_id": str(rental_id),
        "returned_at": utcnow().isoformat(),
        "received_at": utcnow().isoformat(),
        "provisional": False,
        "how": "event",
    }


def lost_bank_found() -> Arguments:
    rental_id = renting.active()
    with transaction():
        rental = rental_queries.lock_rental(rental_id)
        billing.lock_funds(rental.user_id)
        losses.declare_lost(rental, cause="sweep", now=utcnow())
        bank_id = rental.bank_id
        banks.move_bank(bank_id, Whereabouts(Place.WAREHOUSE), at=utcnow(), cause="found: in a taxi")
    return {
        "bank_id": str(bank_id),
        "station_id": None,
        "slot_number": None,
        "found_at": utcnow().isoformat(),
        "found_by": "staff:x",
    }


def bank_seen_again() -> Arguments:
    found = bank_back()
    wanted = ("bank_id", "rental_id", "station_id", "slot_number")
    return {name: found[name] for name in wanted} | {"seen_at": utcnow().isoformat()}


def bank_back_to_be_tested() -> Arguments:
    found = bank_back()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET provisional = true, return_station_id = station_id"))
    wanted = ("bank_id", "rental_id", "station_id", "slot_number")
    return {name: found[name] for name in wanted} | {"passed": True}


def rental_over() -> Arguments:
    rental_id = renting.active()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET due_at = now() - interval '90 minutes'"))
        session.execute(text("UPDATE rentals SET status = 'completed', ended_at = now()"))
    return {"rental_id": str(rental_id)}


def many_sign_ups() -> Arguments:
    for _ in range(20):
        make_person()
    return {}


def swap_owed() -> Arguments:
    rental_id = renting.pending()
    with transaction() as session:
        initiation.abandon_initiation(rental_id, event="cancelled", cause="x", now=utcnow())
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"rental_id": str(rental_id)}


def rental_nearly_due() -> Arguments:
    rental_id = renting.active()
    due_at = db.session.scalar(text("SELECT due_at FROM rentals"))
    db.session.rollback()
    assert isinstance(due_at, datetime)
    return {"rental_id": str(rental_id), "due_at": due_at.isoformat()}


def rental_due() -> Arguments:
    renting.active()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET due_at = now() - interval '1 minute'"))
    return {}


def rental_stuck() -> Arguments:
    renting.pending()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET created_at = now() - interval '1 hour'"))
    return {}


def location_of_long_ago() -> Arguments:
    arguments = rental_over()
    with transaction() as session:
        session.execute(text("UPDATE rentals SET ended_at = now() - interval '31 days', settled_at = now()"))
        session.add(RentalLocation(rental_id=UUID(str(arguments["rental_id"])), lat=27.7, lng=85.3))
    return {}


def promise_over() -> Arguments:
    renting.reserved_too_long()
    return {}


def start_refused_long_ago() -> Arguments:
    long_ago, person = utcnow() - timedelta(days=91), make_person()
    with transaction() as session:
        session.add(
            RefusedStart(
                id=first_id_of(long_ago),
                at=long_ago,
                user_id=person,
                station_sn="A",
                reason="station_offline",
                value=5000,
            )
        )
    return {}
