"""Histories of any kind, written straight into the tables of what happened: the fold reads nothing else."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from jobs.analytics import fold
from powerbank.analytics.buckets import folding
from powerbank.base.clock import local_day
from powerbank.base.db import db, new_id, transaction, utcnow
from tests.databases import execute, superuser_url

LATEST = 60  # hours ago
MADE = timedelta(seconds=7)  # from the request of a rental until its power bank is out

_RENTAL = """
    INSERT INTO rentals (id, code, user_id, station_id, package_id, status, payment_method, package_name, payment_model,
                         duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
                         cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number, created_at,
                         started_at, due_at)
    SELECT :id, :code, user_id, :station, :package, 'active', payment_method, package_name, payment_model,
           duration_minutes, price, deposit, overdue_rate, overdue_grace_minutes, replacement_price,
           cancel_window_minutes, lost_after_days, points_per_npr, bank_id, slot_number,
           CAST(:at AS timestamptz) - interval '7 s', :at, CAST(:at AS timestamptz) + interval '1 hour'
      FROM rentals WHERE id = :of"""
_EVENT = """
    INSERT INTO rental_events (id, rental_id, at, event, cause, from_status, to_status)
    VALUES (:id, :rental_id, :at, :event, 'station', :before, :after)"""
_ENTRY = """
    INSERT INTO ledger_entries (id, kind, key, reference_kind, reference_id, actor, created_at)
    VALUES (:id, :kind, :key, :reference_kind, :about, 'test', :at)"""
_ACCOUNT = """
    INSERT INTO ledger_accounts (id, kind, owner, currency, normal, floored)
    VALUES (:id, :kind, :owner, 'NPR', :normal, false) ON CONFLICT DO NOTHING"""
_POSTINGS = """
    INSERT INTO ledger_postings (entry_id, account_id, currency, amount, created_at)
    SELECT :id, account.id, 'NPR', CASE account.kind WHEN :kind THEN :amount ELSE -:amount END, :at
      FROM ledger_accounts AS account
     WHERE account.currency = 'NPR'
       AND (account.kind = 'adjustments' AND account.owner = '' OR account.kind = :kind AND account.owner = :owner)"""
_REFUSAL = """
    INSERT INTO refused_starts (id, at, user_id, station_sn, reason, value)
    SELECT :id, :at, user_id, :sn, :reason, :value FROM rentals WHERE id = :of"""
_STATUS = """
    INSERT INTO station_status_changes (station_id, at, status) VALUES (:station, :at, :status)
        ON CONFLICT (station_id, at) DO UPDATE SET status = excluded.status"""
_STOCK = """
    INSERT INTO station_stock_changes (station_id, at, is_empty, is_full) VALUES (:station, :at, :is_empty, :is_full)
        ON CONFLICT (station_id, at) DO UPDATE SET is_empty = excluded.is_empty, is_full = excluded.is_full"""
_OPENS = """
    INSERT INTO station_page_opens (station_id, hour, opens) VALUES (:station, date_trunc('hour', :at), 3)
        ON CONFLICT (station_id, hour) DO UPDATE SET opens = station_page_opens.opens + 3"""
_PERSON = """
    INSERT INTO users (id, username, referral_code, created_at) VALUES (:id, :code, :code, :at)"""
_PARTNER = "INSERT INTO partners (id, name, kind) VALUES (:id, 'Partner', 'venue') ON CONFLICT DO NOTHING"
_AGREEMENT = """
    INSERT INTO partner_agreements (id, partner_id, franchise_id, starts_on, last_day, terms, vat_percent,
                                    withheld_percent, made_by)
    VALUES (:id, :partner, :franchise, :first, :last, '{}', 0, 0, 'test')"""
_AGREED = """
    INSERT INTO partner_agreement_stations (agreement_id, station_id, starts_on, last_day)
    VALUES (:id, :station, :first, :last)"""
_ISSUE = """
    INSERT INTO station_issues (id, station_id, issue_type, priority, opened_at, resolved_at, resolution)
    VALUES (:id, :station, 'dirty', 'normal', :at, :at, 'cleaned')"""

# What may be booked: the kind of the account, of the entry, and whether it is about a rental.
BOOKINGS = (
    ("rental_revenue", "spend", True),
    ("overdue_revenue", "spend", True),
    ("sales_revenue", "spend", True),
    ("sales_revenue", "spend", False),
    ("partner_expense", "share", False),
    ("crew_expense", "crew_pay", False),
    ("withheld_tax", "share", False),
    ("promotion_expense", "spend", False),
    ("write_offs", "due_waived", False),
    ("write_offs", "chargeback", False),
    ("gateway_clearing", "topup", False),
    ("gateway_clearing", "refund", False),
)
CREDITS = ("rental_revenue", "overdue_revenue", "sales_revenue", "withheld_tax")
REASONS = ("no_powerbank_available", "station_offline", "station_maintenance", "insufficient_funds", "kyc_required")
# How a rental that is out may go on, and how one that is over may.
ENDINGS = (("overdue", "overdue"), ("returned", "completed"), ("lost", "lost"), ("cancelled", "cancelled"))
SECOND_ENDINGS = {"completed": "cancelled", "lost": "completed", "overdue": "completed"}
TIMED = ("rental", "ending", "second ending", "failure", "status", "stock", "opens")
NOW = ("booking", "refusal", "person", "identity", "issue", "task")


@dataclass(frozen=True)
class Step:
    what: str
    hours: int = 0
    choice: int = 0


@dataclass
class History:
    """What a history is made of: a rental to copy, where it may happen, and the rentals that go on."""

    database: str
    model: UUID
    stations: list[tuple[UUID, str]]
    packages: list[UUID]
    out: list[UUID] = field(default_factory=list)
    over: list[tuple[UUID, str]] = field(default_factory=list)

    def station_of(self, step: "Step") -> UUID:
        return self.stations[step.choice % len(self.stations)][0]

    def write(self, statement: str, **values: Any) -> None:
        with transaction() as session:
            session.execute(text(statement), values)

    def write_past_rules(self, statement: str) -> None:
        """Write a row of a domain whose other rows do not matter here."""
        execute(superuser_url(self.database), "SET session_replication_role = replica", statement)


def begin(database: str) -> History:
    session = db.session
    stations = [(row[0], row[1]) for row in session.execute(text("SELECT id, sn FROM stations ORDER BY sn"))]
    packages = list(session.scalars(text("SELECT id FROM packages ORDER BY id")))
    model = session.execute(text("SELECT id FROM rentals ORDER BY id LIMIT 1")).scalar_one()
    session.rollback()
    past = History(database, model, stations, packages)
    past.write("DELETE FROM station_status_changes")
    past.write("DELETE FROM station_stock_changes")
    return past


def play(past: History, step: Step) -> None:
    """Let one thing happen. Times are whole seconds, so that sums in any order are the same."""
    if step.what == "fold":
        fold_all(past)
    elif step.what in ("piece", "crash"):
        _begin_to_fold(dies=step.what == "crash")
    else:
        then = utcnow().replace(microsecond=0)
        at = then - timedelta(hours=step.hours) if step.what in TIMED else then
        _PLAYED[step.what](past, step, at)


def _rent(past: History, step: Step, at: datetime) -> None:
    rental_id, station = new_id(), past.station_of(step)
    package = past.packages[step.choice // 2 % len(past.packages)]
    past.write(_RENTAL, id=rental_id, code=uuid4().hex[:10], of=past.model, at=at, station=station, package=package)
    _tell(past, rental_id, at - MADE, "initiated", None, "pending")
    _tell(past, rental_id, at, "ejected", "ejecting", "active")
    past.out.append(rental_id)


def _end(past: History, step: Step, at: datetime) -> None:
    if past.out:
        event, after = ENDINGS[step.choice % len(ENDINGS)]
        _move(past, past.out.pop(), ("active", event, after), at, past.station_of(step))


def _end_again(past: History, step: Step, at: datetime) -> None:
    if past.over:
        rental_id, before = past.over.pop()
        _move(past, rental_id, (before, "corrected", SECOND_ENDINGS[before]), at, past.station_of(step))


def _move(past: History, rental_id: UUID, move: tuple[str, str, str], at: datetime, station: UUID) -> None:
    """Let a rental come to a status, and remember it where a second ending is possible."""
    before, event, after = move
    past.write(
        """UPDATE rentals SET status = :after, was_overdue = was_overdue OR :after = 'overdue',
                  ended_at = CASE :after WHEN 'completed' THEN greatest(:at, started_at) WHEN 'overdue' THEN ended_at
                                         ELSE coalesce(ended_at, greatest(:at, started_at)) END,
                  return_station_id = CASE WHEN :after = 'completed' THEN :station ELSE return_station_id END
            WHERE id = :id""",
        id=rental_id,
        at=at,
        after=after,
        station=station,
    )
    _tell(past, rental_id, at, event, before, after)
    if after in SECOND_ENDINGS:
        past.over.append((rental_id, after))


def _fail(past: History, step: Step, at: datetime) -> None:
    _tell(past, past.model, at, ("eject_refused", "eject_unanswered")[step.choice % 2], None, None)
    _tell(past, past.model, at, "failed", "ejecting", "failed")


def _book(past: History, step: Step, at: datetime) -> None:
    kind, entry_kind, is_of_rental = BOOKINGS[step.choice % len(BOOKINGS)]
    entry_id, owner = new_id(), "khalti" if kind == "gateway_clearing" else ""
    sign = (1 if kind in CREDITS else -1) * (-1 if step.hours % 3 == 0 else 1)
    of_kind = {"kind": kind, "owner": owner, "normal": "credit" if kind in CREDITS else "debit"}
    about = str((past.out or [past.model])[-1]) if is_of_rental else None
    entry = {"id": entry_id, "kind": entry_kind, "key": str(entry_id), "at": at, "about": about}
    with transaction() as session:
        for account in (of_kind, {"kind": "adjustments", "owner": "", "normal": "debit"}):
            session.execute(text(_ACCOUNT), account | {"id": new_id()})
        session.execute(text(_ENTRY), entry | {"reference_kind": "rental" if is_of_rental else None})
        amounts = {"id": entry_id, "kind": kind, "owner": owner, "amount": sign * 50_00, "at": at}
        session.execute(text(_POSTINGS), amounts)


def _refuse(past: History, step: Step, at: datetime) -> None:
    sn = "nowhere" if step.hours % 4 == 0 else past.stations[step.choice % len(past.stations)][1]
    reason = REASONS[step.choice % len(REASONS)]
    past.write(_REFUSAL, id=new_id(), at=at, of=past.model, sn=sn, reason=reason, value=step.hours * 100)


def _change_status(past: History, step: Step, at: datetime) -> None:
    """Let a station be away or in maintenance for some hours that are over."""
    since, until, station = at - timedelta(hours=3 + step.choice), at - timedelta(hours=2), past.station_of(step)
    past.write(_STATUS, station=station, at=since, status=("offline", "maintenance")[step.choice // 2 % 2])
    past.write(_STATUS, station=station, at=until, status="online")
    _note(since)


def _change_stock(past: History, step: Step, at: datetime) -> None:
    """Let a station be empty or full for some hours that are over."""
    since, until, station = at - timedelta(hours=3 + step.choice), at - timedelta(hours=2), past.station_of(step)
    is_empty = step.choice // 2 % 2 == 0
    past.write(_STOCK, station=station, at=since, is_empty=is_empty, is_full=not is_empty)
    past.write(_STOCK, station=station, at=until, is_empty=False, is_full=False)
    _note(since)


def _open_page(past: History, step: Step, at: datetime) -> None:
    past.write(_OPENS, station=past.station_of(step), at=at)
    _note(at)


def _sign_up(past: History, step: Step, at: datetime) -> None:
    past.write(_PERSON, id=new_id(), code=uuid4().hex[:12], at=at)


def _decide_identity(past: History, step: Step, at: datetime) -> None:
    decision = ("approved", "rejected")[step.choice % 2]
    past.write_past_rules(
        f"""INSERT INTO kyc_submissions (id, user_id, decision, decided_at, decided_by)
            VALUES ('{new_id()}', '{new_id()}', '{decision}', '{at}', '{new_id()}')"""
    )


def _open_issue(past: History, step: Step, at: datetime) -> None:
    past.write(_ISSUE, id=new_id(), station=past.station_of(step), at=at)


def _close_task(past: History, step: Step, at: datetime) -> None:
    status, made_at = ("done", "rejected")[step.choice // 2 % 2], at - timedelta(minutes=step.hours)
    past.write_past_rules(
        f"""INSERT INTO crew_tasks (id, station_id, kind, source, status, rank, brought, taken, claimed_by, closed_at,
                                    created_by, created_at)
            VALUES ('{new_id()}', '{past.station_of(step)}', 'empty', 'rule', '{status}', 0, {step.choice % 5}, 2,
                    '{new_id()}', '{at}', 'test', '{made_at}')"""
    )


def _move_to_town(past: History, step: Step, at: datetime) -> None:
    town = ("Pokhara", "POKHARA", "Birgunj", "Kathmandu")[step.choice // 2 % 4]
    past.write("UPDATE stations SET city = :town WHERE id = :station", town=town, station=past.station_of(step))


def _agree(past: History, step: Step, at: datetime) -> None:
    """Let a partner have a station for some days, from one that may be over, unless another has it."""
    first = local_day(at - timedelta(hours=step.hours))
    partner, franchise = (UUID(int=1 + (step.choice + more) % 3) for more in (0, 1))
    values = {"id": new_id(), "partner": partner, "franchise": franchise if step.choice % 2 else None}
    values |= {"first": first, "last": first + timedelta(days=step.choice % 5), "station": past.station_of(step)}
    past.write(_PARTNER, id=partner)
    past.write(_PARTNER, id=franchise)
    with suppress(IntegrityError), transaction() as session:
        session.execute(text(_AGREEMENT), values)
        session.execute(text(_AGREED), values)


def _end_agreement(past: History, step: Step, at: datetime) -> None:
    """Let the newest agreement end a day earlier."""
    past.write("""UPDATE partner_agreements SET last_day = last_day - 1
                   WHERE id = (SELECT id FROM partner_agreements ORDER BY id DESC LIMIT 1) AND last_day > starts_on""")


_PLAYED: Mapping[str, Callable[[History, Step, datetime], None]] = {
    "rental": _rent,
    "ending": _end,
    "second ending": _end_again,
    "failure": _fail,
    "booking": _book,
    "refusal": _refuse,
    "status": _change_status,
    "stock": _change_stock,
    "opens": _open_page,
    "person": _sign_up,
    "identity": _decide_identity,
    "issue": _open_issue,
    "task": _close_task,
    "town": _move_to_town,
    "agreement": _agree,
    "shorter": _end_agreement,
}


def _note(since: datetime) -> None:
    """States and opened pages are told as they happen. What a test writes into the past has to be noted."""
    with transaction():
        folding.note_days(local_day(since), local_day(utcnow()))


def _tell(past: History, rental_id: UUID, at: datetime, event: str, before: str | None, after: str | None) -> None:
    past.write(_EVENT, id=new_id(), rental_id=rental_id, at=at, event=event, before=before, after=after)


def fold_all(past: History) -> None:
    """Fold all that is noted. On a busy machine an hour may have taken so long that it rests: here it does not."""
    past.write("UPDATE figure_marks SET rests_until = NULL")
    fold(seconds=120)


class DiedError(Exception):
    pass


def _begin_to_fold(*, dies: bool) -> None:
    """Note what is new and make one day, or die in the middle of it."""
    with transaction():
        folding.note_new_hours(utcnow())
    with suppress(DiedError), transaction():
        folding.make_newest_stale_day(utcnow())
        if dies:
            raise DiedError
