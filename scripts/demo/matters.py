"""What waits for staff in the demonstration: cases, refunds, identities, an adjustment, and a station in trouble."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import select

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base.db import open_session
from powerbank.base.errors import AppError
from powerbank.ledger.adjustments import services as adjustments
from powerbank.ledger.wallet_models import TransactionType, WalletTransaction
from powerbank.payments.options.methods import Method
from powerbank.payments.refunds import services as refunds
from powerbank.rentals.disputes import services as cases
from powerbank.rentals.disputes.models import IssueType as CaseType
from powerbank.rentals.models import Rental
from powerbank.rentals.start import ejection
from powerbank.rentals.states import Status
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.packages.models import Package
from scripts.demo import past, people, steps
from scripts.demo.cabinets import IN_TROUBLE, STRANGE_SERIAL, find_cabinets
from scripts.demo.rentals import Wish, send_command

COLLEAGUE = "finance@example.com"
COMPLAINTS = (
    (CaseType.NOT_CHARGING, "It charged for five minutes and then stopped."),
    (CaseType.DAMAGED, "The cable of the power bank is torn."),
    (CaseType.RETURNED, "I brought it back before the time was over."),
    (CaseType.OTHER, "The app showed another price than I paid."),
)
REASONS = (
    "The station gave me a power bank that was nearly empty.",
    "I paid twice for the same afternoon.",
    "The screen went dark after I had paid.",
    "I could not open the slot for ten minutes.",
)
REPORTS = (
    (6, 17, IssueType.DAMAGED, "The screen is broken."),
    (13, 18, IssueType.DAMAGED, "Somebody has hit the screen, and it is dark."),
    (31, 21, IssueType.OFFLINE, "It does not react to the app."),
)
BEYOND_AN_ALLOWANCE = 6_500_00


@dataclass(frozen=True)
class Colleague:
    """A member of staff who asked for something that somebody else has to approve."""

    id: UUID
    email: str
    role: str
    session_id: UUID
    unfinished: str | None = None

    def may(self, permission: str) -> bool:
        return permission in PERMISSIONS[Role(self.role)]


def open_cases(now: datetime, dice: random.Random) -> None:
    """Open a case for some of the newest rentals that ended or go on."""
    rentals = _newest_rentals(Status.COMPLETED, 24)
    for number, (issue, words) in enumerate(COMPLAINTS):
        at = now - timedelta(hours=2 + 3 * number, minutes=dice.randint(0, 50))
        with past.play(at):
            _unless_refused(
                partial(
                    cases.report_issue,
                    rentals[number * 5].id,
                    user_id=rentals[number * 5].user_id,
                    issue_type=issue,
                    description=words,
                    now=at,
                )
            )


def ask_for_refunds(now: datetime) -> None:
    query = (
        select(WalletTransaction)
        .where(WalletTransaction.type == TransactionType.RENTAL, WalletTransaction.wallet > 20_00)
        .order_by(WalletTransaction.id.desc())
        .limit(40)
    )
    paid = open_session().scalars(query).all()
    for number, reason in enumerate(REASONS):
        payment = paid[number * 7]
        with past.play(now - timedelta(hours=1 + 5 * number)):
            _unless_refused(
                partial(
                    refunds.request_refund,
                    user_id=payment.user_id,
                    transaction_id=payment.id,
                    reason=reason,
                    actor=f"user:{payment.user_id}",
                )
            )


def ask_for_adjustment(now: datetime) -> None:
    """Have a colleague ask for more than one person may give alone."""
    member = administration.find_member_by_email(COLLEAGUE)
    if member is None:
        member, _ = administration.create_member(email=COLLEAGUE, role=Role.FINANCE, actor="demonstration")
        open_session().flush()
    colleague = Colleague(member.id, member.email, member.role, uuid4())
    with past.play(now - timedelta(hours=4)):
        adjustments.ask_for_adjustment(
            user_id=people.find_people()[3],
            currency="NPR",
            amount=BEYOND_AN_ALLOWANCE,
            reason="Gift for the school that tried the stations out.",
            staff=colleague,
            now=now,
        )


def put_a_station_in_trouble(now: datetime) -> None:
    """A strange power bank, a command without an answer, reports of damage, and then silence."""
    cabinet = next(each for each in find_cabinets() if each.sn == IN_TROUBLE)
    persons = people.find_people()
    at = now - timedelta(hours=2, minutes=20)
    cabinet.be_there()
    with past.play(at):
        if (free := cabinet.free_slot) is not None:
            cabinet.show(cabinet.slots | {free: (STRANGE_SERIAL, 55)}, at=at)
    package = open_session().scalars(select(Package).where(Package.active, Package.price > 0).limit(1)).one()
    at += timedelta(minutes=4)
    with past.play(at):
        for person in persons[5:15]:  # the first who may rent
            wish = Wish(person, at, cabinet, package, Method.WALLET_ONLY, None, late=False, never_back=False)
            if _unless_refused(partial(_start_without_an_answer, wish)):
                break
    for after, reporter, kind, words in REPORTS:
        reported = at + timedelta(minutes=after)
        with past.play(reported):
            issues.report_issue(
                user_id=persons[reporter], sn=IN_TROUBLE, issue_type=kind, description=words, now=reported
            )
    cabinet.be_away()


def _start_without_an_answer(wish: Wish) -> None:
    rental_id = send_command(wish)
    rental = open_session().get_one(Rental, rental_id)
    command = open_session().get_one(StationCommand, rental.command_id, populate_existing=True)
    at = command.deadline + timedelta(seconds=31)
    commands.settle_command(command, CommandStatus.UNKNOWN, {"error": "no_snapshot"}, now=at)
    ejection.settle_ejection(command.id, now=at)


def _newest_rentals(status: Status, most: int) -> list[Rental]:
    query = select(Rental).where(Rental.status == status, Rental.user_id.in_(people.find_people()))
    return list(open_session().scalars(query.order_by(Rental.id.desc()).limit(most)))


def _unless_refused(act: Callable[[], object]) -> bool:
    """Go on if a rule refuses one of these: the demonstration is then without it."""
    try:
        steps.try_out(act)
    except AppError:
        return False
    return True


def submit_identity(now: datetime, number: int) -> None:
    person = people.find_people()[20 + number * 3]
    people.submit_identity(person, number=number, now=now - timedelta(hours=1 + number * 2))
