"""What belongs to somebody of a partner or of the crew: each function makes something of a given person's."""

from uuid import UUID

from sqlalchemy import select

from powerbank.analytics.reports.models import Length, PartnerReport
from powerbank.analytics.reports.periods import last_period
from powerbank.base.clock import local_day
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.crew.members import services as crew
from powerbank.crew.members.models import Member as CrewMember
from powerbank.crew.tasks import claims
from powerbank.crew.tasks import queries as tasks
from powerbank.crew.tasks import services as task_services
from powerbank.crew.tasks.models import Task
from powerbank.partners import queries as partner_queries
from powerbank.partners import services as partners
from powerbank.partners.agreements import services as agreements
from powerbank.partners.models import MemberRole
from powerbank.payouts.statements import services as statements
from powerbank.stations.registry import services as registry
from tests.house.belongings import Belonging
from tests.ledger.conftest import key
from tests.payouts.conftest import make_paid_payout
from tests.stations.conftest import FACTS, seat_bank
from tests.stations.prepared import mark_seen


def a_hosted_station(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction() as session:
        sn = f"H{key()[:8]}"
        facts = FACTS | {"sn": sn, "imei": sn, "slots": 2, "partner_id": partner_id}
        station, _ = registry.register_station(**facts, now=utcnow())
        session.flush()
    return Belonging({"sn": station.sn}, {"POST": {"issue_type": "other"}})


def a_member(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction():
        invited = partners.add_member(
            partner_id, address=f"{key()}@example.com", role=MemberRole.VIEWER, by=f"user:{owner}"
        )
    return Belonging({"member_id": invited.id})


def a_paid_payout(owner: UUID) -> Belonging:
    partner_id = a_partner_of(owner)
    with transaction() as session:
        payout = make_paid_payout(partner_id)
        session.flush()
        statements.make_statements_of_payee(payout.id, now=utcnow())
    return Belonging({"payout_id": payout.id})


def a_statement(owner: UUID) -> Belonging:
    payout_id = a_paid_payout(owner).values["payout_id"]
    return Belonging({"statement_id": statements.find_statement_of_payout(payout_id).id})


def a_report(owner: UUID) -> Belonging:
    """Make the report of a partner's last month, unless it is there."""
    partner_id, month = a_partner_of(owner), last_period(Length.MONTH, today=local_day(utcnow()))
    with transaction() as session:
        report = session.scalar(select(PartnerReport).filter_by(partner_id=partner_id, month=month.first))
        if report is None:
            content = {"name": "Bakery", "parts": {}}
            report = PartnerReport(id=new_id(), partner_id=partner_id, month=month.first, content=content)
            session.add(report)
    return Belonging({"report_id": report.id})


def a_report_file(owner: UUID) -> Belonging:
    return Belonging({**a_report(owner).values, "format_": "csv"})


def a_partner_of(owner: UUID) -> UUID:
    """Make a partner whose owner is this person, unless it is there."""
    if found := partner_queries.memberships_of(owner):
        return found[0][1].id
    with transaction() as session:
        partner = partners.create_partner(name="Bakery", kind="venue", contact={})
        member = partners.add_member(partner.id, address=f"{key()}@example.com", role=MemberRole.OWNER, by="test")
        member.user_id = owner
        session.flush()
    return partner.id


def an_agreement(owner: UUID) -> Belonging:
    hosted = a_hosted_station(owner)
    with transaction():
        agreement = agreements.make_agreement(
            a_partner_of(owner),
            starts_on=local_day(utcnow()),
            ends_on=None,
            station_sns=[hosted.values["sn"]],
            terms={"kind": "share", "percent": "80.00"},
            by="test",
        )
    return Belonging({"agreement_id": agreement.id})


def a_task(owner: UUID) -> Belonging:
    """Make a task that its owner, who is of the crew, has claimed."""
    now = utcnow()
    with transaction() as session:
        sn = f"C{new_id().hex[-8:]}"
        registry.register_station(**FACTS | {"sn": sn, "imei": sn, "slots": 2}, now=now)
        member = session.scalar(select(CrewMember).filter_by(user_id=owner)) or crew.make_member(
            user_id=owner, phone=None, email=None, values={}, by="test", now=now
        )
        for held in tasks.list_held_tasks(member.id):
            claims.release_task(member.id, held.id, now=now)
        task = task_services.make_task(sn, kind="clean", wants={}, note=None, by="test", now=now)
        claims.claim_task(member.id, task.id, now=now)
    return Belonging({"task_id": task.id})


def a_station_of_the_crew(owner: UUID) -> Belonging:
    """Make a station with a power bank, whose slots its owner, who is of the crew, may open."""
    task = a_task(owner)
    with transaction() as session:
        station = session.get_one(Task, task.values["task_id"]).station
        mark_seen(station.id, at=utcnow())
        seat_bank(station.id, 1, f"{station.sn}-1", 90)
    return Belonging({"sn": station.sn}, {"POST": {"slot_numbers": [1]}})
