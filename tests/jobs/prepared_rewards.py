"""Prepare the points, referrals and achievements that jobs need to have something to do."""

from sqlalchemy import text

from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction, utcnow
from powerbank.points.models import Grant
from powerbank.social import tallies
from powerbank.social.models import Achievement, Metric
from powerbank.users import referrals
from tests.jobs.prepared_people import Arguments, newcomer
from tests.ledger.conftest import make_person


def friend_brought() -> Arguments:
    inviter, invitee = newcomer("9812345679", "gita"), newcomer()
    with transaction() as session:
        referrals.record_referral(invitee_id=invitee.id, code=inviter.referral_code, now=utcnow())
        referral_id = session.scalar(text("SELECT id FROM referrals"))
        session.execute(text("DELETE FROM outbox_jobs"))
    return {"referral_id": str(referral_id), "invitee_id": str(invitee.id), "inviter_id": str(inviter.id)}


def points_over() -> Arguments:
    for _ in range(2):
        make_person(points=100)
    with transaction() as session:
        session.execute(text("UPDATE points_lots SET expires_at = now() - interval '1 second'"))
    return {}


def points_for_many() -> Arguments:
    for _ in range(3):
        make_person()
    with transaction() as session:
        member = StaffMember(email="boss@example.com", password_hash="unused", role=Role.SUPERADMIN)
        session.add(member)
        session.flush()
        grant = Grant(points=5, reason="x", status="running", total=3, awarded=0, asked_by=member.id)
        session.add(grant)
        session.flush()
    return {"grant_id": str(grant.id)}


def achiever() -> str:
    """Make a person who has reached an achievement and does not have it yet."""
    user_id = make_person()
    with transaction() as session:
        tallies.count_event(user_id=user_id, kind="rental", object_id="r", at=utcnow(), what={Metric.RENTALS: 1})
        session.add(Achievement(name="First", metric="rentals", threshold=1, reward=5))
        session.execute(text("DELETE FROM outbox_jobs"))
    return str(user_id)


def achievement_made() -> Arguments:
    achiever()
    return {"achievement_id": str(db.session.scalar(text("SELECT id FROM achievements")))}


def tallies_wrong() -> Arguments:
    achiever()
    with transaction() as session:
        session.execute(text("UPDATE tallies SET rentals = 7"))
    return {}
