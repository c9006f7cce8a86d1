"""Who asks for the addresses of the product, and for which rows: people, partners, crew and staff of a country."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg2
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule

from powerbank.auth.pages.session import COOKIE
from powerbank.auth.people import sessions
from powerbank.auth.staff import administration
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.roles import Role
from powerbank.base.db import open_session, transaction, utcnow
from powerbank.users.models import User

EMAIL, PASSWORD = "bench@example.com", "only for this measurement"
# Whose rows are asked for: who rented in the middle of the year, who owns the first venue, the first of the crew.
_RENTER = "bench.person(bench.renter(bench.rentals() / 2 + 1))"
_PEOPLE = {
    "rider": _RENTER,
    "partner": "bench.person(0)",
    "crew": "bench.person(bench.people() / 2)",
}
_THE_RENTERS = f"WHERE user_id = {_RENTER} ORDER BY id DESC LIMIT 1"
# What stands in an address, by the name of its argument.
_ROWS = {
    "user_id": f"SELECT {_RENTER}",
    "rental_id": "SELECT bench.rental(bench.rentals() / 2 + 1)",
    "sn": "SELECT 'S0000000'",
    "serial": "SELECT 'B1'",
    "partner_id": "SELECT bench.partner(0)",
    "agreement_id": "SELECT bench.agreement(0)",
    "member_id": "SELECT bench.member(0)",
    "conversation_id": f"SELECT id FROM conversations {_THE_RENTERS}",  # noqa: S608
    "intent_id": f"SELECT id FROM payment_intents {_THE_RENTERS}",  # noqa: S608
    "refund_id": "SELECT id FROM refunds ORDER BY id DESC LIMIT 1",
    "reservation_id": f"SELECT id FROM reservations {_THE_RENTERS}",  # noqa: S608
    "task_id": "SELECT id FROM crew_tasks WHERE claimed_by = bench.member(0) ORDER BY id DESC LIMIT 1",
    "payout_id": "SELECT id FROM payouts WHERE payee_id = bench.partner(0) ORDER BY id DESC LIMIT 1",
    "run_id": "SELECT id FROM payout_runs ORDER BY id DESC LIMIT 1",
    "account_id": "SELECT bench.network_account('rental_revenue')",
    "entry_id": "SELECT id FROM ledger_entries ORDER BY id DESC LIMIT 1",
    "due_id": "SELECT id FROM ledger_dues ORDER BY id DESC LIMIT 1",
    "event_id": "SELECT id FROM gateway_events ORDER BY id DESC LIMIT 1",
    "check_id": "SELECT id FROM settlement_checks LIMIT 1",
    "submission_id": "SELECT id FROM kyc_submissions WHERE decision IS NULL ORDER BY id DESC LIMIT 1",
    "job_id": "SELECT id FROM outbox_jobs ORDER BY id DESC LIMIT 1",
    "issue_id": "SELECT id FROM station_issues ORDER BY id DESC LIMIT 1",
    "discrepancy_id": "SELECT id FROM discrepancies ORDER BY id DESC LIMIT 1",
    "staff_id": "SELECT bench.staff()",
    "package_id": "SELECT bench.package()",
    "coupon_id": "SELECT id FROM coupons LIMIT 1",
    "campaign_id": "SELECT id FROM campaigns LIMIT 1",
    "achievement_id": "SELECT id FROM achievements LIMIT 1",
    "broadcast_id": "SELECT id FROM broadcasts LIMIT 1",
    "grant_id": "SELECT id FROM points_grants LIMIT 1",
    "template_id": "SELECT id FROM message_templates LIMIT 1",
    "warehouse_id": "SELECT id FROM warehouses LIMIT 1",
    "plan_id": "SELECT id FROM crew_pay_plans LIMIT 1",
    "reply_id": "SELECT id FROM saved_replies LIMIT 1",
    "operation_id": "SELECT id FROM operations LIMIT 1",
    "revision_id": "SELECT id FROM content_revisions LIMIT 1",
    "report_id": "SELECT id FROM reports LIMIT 1",
    "statement_id": "SELECT id FROM payout_statements LIMIT 1",
    "type_name": "SELECT 'welcome'",
    "gateway": "SELECT 'khalti'",
    "view": "SELECT 'revenue'",
    "format_": "SELECT 'csv'",
}
# Of lists that share their code, and name whatever is in them `item_id` or `row_id`.
_ITEMS = {
    "holidays": "public_holidays",
    "app-versions": "app_versions",
    "banners": "banners",
    "campaigns": "campaigns",
    "countries": "countries",
    "faq": "faq_items",
    "packages": "packages",
    "replies": "saved_replies",
}
# What is no page of this product, needs something that a form has just sent, or is for programs beside it. An export
# gives every row, page by page, and so takes as long as there are rows.
_NOT_ASKED = re.compile(
    r"/(.*\.csv$|.*/bank-file$|.*/photos?|.*photo\.jpg"
    r"|ops/rq|static|docs|app/|openapi|health|console/login$|console/live|media/|api/live"
    r"|api/payment/return|console/payout-runs/progress|api/oauth|.*/callback)"
)
# What an address cannot be asked without; {user} is the renter.
_ASKED_WITH = {
    "/api/admin/analytics/forecast": "station_sn=S0000000",
    "/api/admin/deliveries": "user_id={user}",
    "/api/admin/search": "q=person77",
    "/api/app/version": "platform=android&version=1.0.0",
    "/api/referrals/validate": "code=C7",
    "/api/stations/nearby": "lat=27.71&lng=85.32",
    "/api/support/suggestions": "text=power",
    "/console/map/members": "west=85.2&south=27.6&east=85.5&north=27.8&zoom=12",
    "/console/map/view": "west=85.2&south=27.6&east=85.5&north=27.8&zoom=12",
}
# Lists that are measured with each of their usual filters besides, as those are other queries.
FILTERS = {
    "/api/admin/rentals": ("status=overdue", "status=lost", "station_sn=S0000000"),
    "/api/admin/users": ("q=person77", "kyc_status=pending"),
    "/api/admin/stations": ("q=station", "status=offline"),
    "/console/search": ("q=R00000077", "q=person77", "q=%2B9779000", "q=S00000", "q=Sita"),
    "/console/map/view": ("west=80&south=26&east=88.5&north=30.5&zoom=7",),
    "/api/stations": ("q=station",),
}


@dataclass(frozen=True)
class Address:
    rule: str
    path: str
    who: str


class Readers:
    """Everybody who asks, signed in."""

    def __init__(self, app: Flask, url: str) -> None:
        self.app = app
        self._connection = psycopg2.connect(url)
        self._connection.autocommit = True
        with app.app_context():
            self._headers = {who: self._sign_in(who) for who in _PEOPLE} | {"staff": self._sign_in_staff()}
        self._clients = {who: app.test_client() for who in ("nobody", *self._headers)}
        self._clients |= {f"{who} by page": self._with_cookie(who) for who in ("partner", "crew")}
        self._clients["console"] = self._sign_in_at_console()

    def get(self, address: Address) -> int:
        client = self._clients[address.who]
        answer = client.get(address.path, headers=self._headers.get(address.who))
        answer.get_data()  # an answer in pieces is made while it is read
        return answer.status_code

    def addresses(self) -> Iterator[Address]:
        """Give every address that is read, of things that are there, and lists with filters too."""
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda each: each.rule):
            if "GET" not in (rule.methods or ()) or _NOT_ASKED.match(rule.rule):
                continue
            values = self._values(rule)
            if values is None:
                yield Address(rule.rule, "", "")
                continue
            path = str(rule.map.bind("localhost").build(rule.endpoint, values, method="GET"))
            needed = _ASKED_WITH.get(rule.rule, "").format(user=self._read(_ROWS["user_id"]))
            yield Address(rule.rule, f"{path}?{needed}" if needed else path, _who_reads(rule.rule))
            for filter_ in FILTERS.get(rule.rule, ()):
                yield Address(f"{rule.rule}?{filter_}", f"{path}?{filter_}", _who_reads(rule.rule))

    def _values(self, rule: Rule) -> dict[str, Any] | None:
        """Find what stands in an address. None if the country has no such thing."""
        found: dict[str, Any] = {}
        for name, converter in rule._converters.items():
            if name == "entry_id" and "audit-log" in rule.rule:
                found[name] = self._read("SELECT id FROM audit_log ORDER BY id DESC LIMIT 1")
            elif name in ("item_id", "row_id"):
                listed = next((each for each in rule.rule.split("/") if each in _ITEMS), "packages")
                found[name] = self._read(f"SELECT id FROM {_ITEMS[listed]} LIMIT 1")  # noqa: S608
            elif name in _ROWS:
                found[name] = self._read(_ROWS[name])
            elif name == "key":
                found[name] = self._read("SELECT key FROM app_config LIMIT 1") or "dues_grace_days"
            elif isinstance(converter, AnyConverter):
                found[name] = "packages" if "packages" in converter.items else min(converter.items)
            else:
                return None
        return None if None in found.values() else found

    def _read(self, query: str) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return row[0] if row else None

    def _sign_in(self, who: str) -> dict[str, str]:
        user_id = self._read(f"SELECT {_PEOPLE[who]}")
        with transaction() as session:
            tokens = sessions.begin_session(session.get_one(User, user_id), user_agent="bench")
        self._tokens = {**getattr(self, "_tokens", {}), who: tokens.refresh_token}
        return {"Authorization": f"Bearer {tokens.access_token}"}

    def _sign_in_staff(self) -> dict[str, str]:
        with transaction():
            administration.ensure_staff(email=EMAIL, password=PASSWORD, role=Role.SUPERADMIN)
            member = administration.find_member_by_email(EMAIL)
            open_session().flush()
            if member is None:
                raise RuntimeError("nobody of the staff is there")
            begun = staff_sessions.begin_session(member, kind="api", user_agent=None, ip_address=None, now=utcnow())
            tokens = staff_sessions.issue_tokens(begun, member)
        return {"Authorization": f"Bearer {tokens.access_token}"}

    def _with_cookie(self, who: str) -> FlaskClient:
        client = self.app.test_client()
        client.set_cookie(COOKIE, self._tokens[who])
        return client

    def _sign_in_at_console(self) -> FlaskClient:
        client = self.app.test_client()
        token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/login").text)
        if token is None:
            raise RuntimeError("the sign-in has no form")
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1]}
        if client.post("/console/login", data=form).status_code != 302:
            raise RuntimeError("the sign-in was refused")
        return client


def _who_reads(rule: str) -> str:
    for prefix, who in (
        ("/api/admin", "staff"),
        ("/api/operations", "staff"),
        ("/api/partner", "partner"),
        ("/api/crew", "crew"),
        ("/api", "rider"),
        ("/metrics", "staff"),
        ("/console", "console"),
        ("/partner", "partner by page"),
        ("/crew", "crew by page"),
    ):
        if rule.startswith(prefix):
            return who
    return "nobody"
