"""The first page of the console: what happens in the network now, and what waits for a person."""

from dataclasses import dataclass

from flask import render_template, request

from powerbank.admin.console.rentals.reasons import REASONS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base.clock import local_day
from powerbank.base.db import utcnow
from powerbank.ops.now import attention, feed, flows, stocks
from powerbank.ops.now.attention import Kind, Matter
from powerbank.pages.language import translate, write_number
from powerbank.stations.availability import map_cells

blueprint = console_blueprint("console_now", __name__, url_prefix="/console")


@dataclass(frozen=True)
class Figure:
    """A number of now beside that of a week ago. `better` says which way is good: up, down, or neither."""

    label: str
    permission: str
    address: str
    now: int
    before: int | None
    better: str
    is_money: bool = False
    beside: str = ""

    @property
    def written(self) -> str:
        return _write(self.now, is_money=self.is_money)

    @property
    def written_before(self) -> str:
        return _write(self.before or 0, is_money=self.is_money)

    @property
    def change(self) -> int | None:
        """The change in percent. None where nothing was a week ago, or nobody counted."""
        return round((self.now - self.before) / self.before * 100) if self.before else None

    @property
    def tone(self) -> str:
        if self.before is None or self.now == self.before or not self.better:
            return ""
        return "good" if (self.now > self.before) == (self.better == "up") else "warn"


@blueprint.get("/")
@blueprint.get("/now")
def show() -> str:
    staff, now = page_staff("stations.read"), utcnow()
    kinds = attention.kinds_for(staff.may)
    chosen = next((kind for kind in kinds if kind == request.args.get("waits")), None)
    return render_template(
        "console/now/now.html",
        staff=staff,
        figures=[figure for figure in _read_figures() if staff.may(figure.permission)],
        counts=attention.count_matters(kinds, now=now),
        most_counted=attention.MOST_COUNTED,
        matters=attention.list_matters(
            [chosen] if chosen else kinds,
            most=attention.SHOWN_OF_ONE if chosen else attention.SHOWN_OF_EACH,
            now=now,
        ),
        chosen=chosen,
        names=NAMES,
        address_of=_address_of,
        news=feed.list_news(staff.may),
        reasons=REASONS,
        topics=_topics(staff),
        extent=map_cells.find_extent(),
    )


# What waits: its name, what one does about it, and the page on which one does it.
NAMES = {
    Kind.CASE: ("Open case", "Decide"),
    Kind.UNRESOLVED: ("Unresolved rental", "Resolve"),
    Kind.IDENTITY: ("Identity to check", "Check"),
    Kind.REFUND: ("Refund to decide", "Decide"),
    Kind.ADJUSTMENT: ("Adjustment to approve", "Decide"),
    Kind.ACT: ("Act for a second person", "Decide"),
    Kind.GRANT: ("Points for many to approve", "Decide"),
    Kind.PAYMENT: ("Payment to review", "Decide"),
    Kind.CHARGEBACK: ("Disputed payment", "Look"),
    Kind.DISCREPANCY: ("Bank in doubt", "Settle"),
    Kind.ISSUE: ("Critical issue", "Look"),
    Kind.DEAD_LETTERS: ("Dead letters", "Requeue"),
    Kind.ALERT: ("Alert", "Look"),
}
ADDRESSES = {
    Kind.CASE: "/console/rentals/{id}",
    Kind.UNRESOLVED: "/console/rentals/{id}",
    Kind.IDENTITY: "/console/identity/{id}",
    Kind.REFUND: "/console/money/refunds/{id}",
    Kind.ADJUSTMENT: "/console/money/decisions",
    Kind.ACT: "/console/money/decisions",
    Kind.GRANT: "/console/money/decisions",
    Kind.PAYMENT: "/console/money/top-ups/{id}",
    Kind.CHARGEBACK: "/console/money/chargebacks",
    Kind.DISCREPANCY: "/console/discrepancies/{id}",
    Kind.ISSUE: "/console/station-issues/{id}",
    Kind.DEAD_LETTERS: "/console/machinery/jobs?job={id}",
    Kind.ALERT: "/console/machinery/alerts",
}


def _address_of(matter: Matter) -> str:
    """Give the address of the page on which one decides."""
    return ADDRESSES[matter.kind].format(id=matter.id)


def _read_figures() -> list[Figure]:
    now = utcnow()
    here, week_ago = stocks.count_stocks(), stocks.find_stocks_of_last_week(now)
    today, last_week = flows.count_flows(now), flows.count_flows_of_last_week(now)
    unsold, failed = round(today.refused_value / 100), today.topups_failed
    refused = translate("NPR {amount} not sold", amount=unsold) if unsold else ""
    not_paid = translate("{count} not paid", count=failed) if failed else ""

    def stock(name: str) -> tuple[int, int | None]:
        return getattr(here, name), getattr(week_ago, name) if week_ago else None

    def flow(name: str) -> tuple[int, int]:
        return getattr(today, name), getattr(last_week, name)

    return [
        Figure("Open rentals", "rentals.read", "/console/rentals?status=active", *stock("open_rentals"), better="up"),
        Figure("Overdue", "rentals.read", "/console/rentals?status=overdue", *stock("overdue_rentals"), better="down"),
        Figure("Started today", "rentals.read", "/console/rentals", *flow("started"), better="up"),
        Figure("Revenue today", "payments.read", "", *flow("revenue"), better="up", is_money=True),
        Figure(
            "Topped up today",
            "payments.read",
            "/console/money/top-ups",
            *flow("topped_up"),
            better="up",
            is_money=True,
            beside=not_paid,
        ),
        Figure(
            "Refused starts today",
            "rentals.read",
            f"/console/refused-starts?since={local_day(now)}",
            *flow("refused"),
            better="down",
            beside=refused,
        ),
        Figure("Banks out", "stations.read", "/console/powerbanks?place=user", *stock("banks_out"), better=""),
        Figure(
            "Stations away", "stations.read", "/console/stations?status=offline", *stock("stations_away"), better="down"
        ),
        Figure(
            "Open dues",
            "payments.read",
            "/console/money/dues?status=open",
            *stock("dues"),
            better="down",
            is_money=True,
        ),
    ]


def _write(number: int, *, is_money: bool) -> str:
    return f"NPR {write_number(round(number / 100))}" if is_money else write_number(number)


def _topics(staff: SignedInStaff) -> str:
    permissions = {"console": "system.read", "stations": "stations.read", "rentals": "rentals.read"}
    return " ".join(topic for topic, permission in permissions.items() if staff.may(permission))
