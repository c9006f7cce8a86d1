"""What moves money, hardware or points, seen where it cannot be overlooked: in what a POST writes to the database.

The watch listens in every test. A POST that is not idempotent and writes to one of `TABLES` makes its test fail,
whatever the lists here say of it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from flask import Flask, Response, current_app, has_request_context, request
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from werkzeug.test import TestResponse

from tests.house.walk import notes

TABLES = (
    "ledger_entries",
    "ledger_holds",
    "ledger_dues",
    "ledger_adjustments",
    "refunds",
    "payment_intents",
    "points_grants",
    "coupon_redemptions",
    "station_commands",
    "custody",
    "bank_reservations",
    "rentals",
)
COUNT = "staff_acts"
WROTE = "tests.wrote"  # kept with the request: tests share one `g` among many
_WRITES = re.compile(rf"\bINSERT INTO ({'|'.join((*TABLES, COUNT))})\b|\bpromise_best_bank\(")

# On these routes staff move money, which does not count as what one person gave or took.
NOT_COUNTED = {
    "POST /api/admin/ledger/adjustments/<uuid:adjustment_id>/approve": "two people decided",
    "POST /api/admin/approvals/<uuid:act_id>/approve": "two people decided",
    "POST /api/admin/refunds/<uuid:refund_id>/approve": "two people decided, where it is not counted",
    "POST /api/admin/refunds/<uuid:refund_id>/reject": "what was held is free again",
    "POST /api/admin/refunds/<uuid:refund_id>/paid": "it was counted when it was approved",
    "POST /api/admin/payments/intents/<uuid:intent_id>/verify": "the gateway says how much came",
    "POST /api/admin/payments/review/<uuid:intent_id>/resolve": "the gateway says how much came",
    "POST /console/money/top-ups/<uuid:intent_id>/verify": "the gateway says how much came",
    "POST /console/money/top-ups/<uuid:intent_id>/resolve": "the gateway says how much came",
    "POST /api/admin/payouts/<uuid:payout_id>/approve": "two people decided of what was earned",
    "POST /api/admin/payouts/<uuid:payout_id>/hold": "what was put aside is payable again",
    "POST /api/admin/payouts/<uuid:payout_id>/cancel": "what was put aside is payable again",
    "POST /api/admin/payouts/<uuid:payout_id>/outcome": "two people decided of what was earned",
    "POST /api/admin/payouts/bank-file": "the bank says what it paid",
    "POST /api/admin/tasks/<uuid:task_id>/verify": "the pay plan says how much",
    "POST /api/admin/tasks/<uuid:task_id>/reject": "what was earned is taken back",
    "POST /console/payouts/<uuid:payout_id>/<any(approve, hold, release, retry, cancel, outcome):act>": (
        "two people decided of what was earned"
    ),
    "POST /console/payout-files/<batch>/answers": "the bank says what it paid",
}
BY_ITS_TARIFF = ("complete", "dismiss")  # a rental ends, or a case, and nobody chose an amount

# These routes write there without our idempotency key: the fact that they are told has a key of its own, and is taken
# once.
KEYED_OTHERWISE = {
    "POST /api/payment/webhook/<string:gateway>": "a gateway's payment is credited once",
    "POST /api/payment/intents/<uuid:intent_id>/verify": "a gateway's payment is credited once",
    "POST /api/admin/payments/intents/<uuid:intent_id>/verify": "a gateway's payment is credited once",
    "POST /console/money/top-ups/<uuid:intent_id>/verify": "a gateway's payment is credited once",
    "POST /console/money/top-ups/<uuid:intent_id>/resolve": "a payment in review is decided once",
    "POST /internal/rental/return-event": "each event has its id",
    "POST /internal/stations/<imei>/report": "each event has its id, and a heartbeat says how things are",
    "POST /api/admin/powerbanks": "a serial that is known stays as it is",
}

# These routes move nothing, and the watch sees to it that this stays true.
MOVES_NOTHING = {
    "POST /api/auth/get-otp",
    "POST /api/auth/verify-otp",
    "POST /api/auth/register",
    "POST /api/auth/refresh",
    "POST /api/auth/logout",
    "POST /api/auth/logout-all",
    "POST /api/auth/kyc",
    "POST /api/live/tickets",
    "POST /api/operations/<uuid:operation_id>/stop",
    "POST /api/users/me/devices",
    "POST /api/users/me/identifiers",
    "POST /api/notifications/mark-all-read",
    "POST /api/payment/calculate-options",
    "POST /api/payment/intents/<uuid:intent_id>/cancel",  # money that comes all the same is credited
    "POST /api/stations/<sn>/report-issue",
    "POST /api/rentals/<uuid:rental_id>/location",
    "POST /api/admin/auth/login",
    "POST /api/admin/auth/refresh",
    "POST /api/admin/auth/logout",
    "POST /api/admin/auth/password",
    "POST /api/admin/auth/totp",
    "POST /api/admin/auth/totp/confirm",
    "POST /api/admin/staff",
    "POST /api/admin/staff/<uuid:staff_id>/reset",
    "POST /api/admin/devices",
    "POST /api/admin/users/<uuid:user_id>/status",
    "POST /api/admin/users/<uuid:user_id>/notes",
    "POST /api/admin/users/<uuid:user_id>/erase",  # a second person decides
    "POST /api/admin/users/<uuid:user_id>/end-sessions",
    "POST /api/admin/kyc/claim",
    "POST /api/admin/kyc/<uuid:submission_id>/claim",
    "POST /api/admin/kyc/<uuid:submission_id>/release",
    "POST /api/admin/kyc/<uuid:submission_id>/links",
    "POST /api/admin/kyc/<uuid:submission_id>/approve",
    "POST /api/admin/kyc/<uuid:submission_id>/reject",
    "POST /api/support/conversations",  # a repeat writes into the one that there is
    "POST /api/support/conversations/<uuid:conversation_id>/messages",
    "POST /api/support/conversations/<uuid:conversation_id>/read",
    "POST /api/support/conversations/<uuid:conversation_id>/typing",
    "POST /api/support/conversations/<uuid:conversation_id>/solved",
    "POST /api/support/conversations/<uuid:conversation_id>/rating",
    *(
        f"POST /api/admin/support/conversations/<uuid:conversation_id>/{act}"
        for act in ("reply", "note", "read", "typing", "assign", "snooze", "solve", "merge")
    ),
    "POST /api/admin/support/replies",
    "POST /crew/support/<uuid:conversation_id>/typing",
    "POST /api/admin/support/alert-rules",
    "POST /api/admin/support/conversations",
    "POST /api/admin/analytics/fill-in",
    "POST /api/admin/analytics/holidays",
    "POST /api/admin/analytics/reports",
    "POST /api/admin/faq",
    "POST /api/admin/banners",
    "POST /api/admin/app-versions",
    "POST /api/admin/countries",
    "POST /api/admin/content",
    "POST /api/admin/content/<uuid:revision_id>/withdraw",
    "POST /api/admin/notices/mark-all-read",
    "POST /api/admin/templates",
    "POST /api/admin/templates/preview",
    "POST /api/admin/templates/<uuid:template_id>/test",
    "POST /api/admin/system/broadcast",
    "POST /api/admin/system/broadcast/count",
    "POST /api/admin/system/broadcast/<uuid:broadcast_id>/cancel",
    "POST /api/admin/campaigns",
    "POST /api/admin/coupons",
    "POST /api/admin/coupons/<uuid:coupon_id>/codes",
    "POST /api/admin/packages",
    "POST /api/admin/achievements",
    "POST /api/partner/members",
    "POST /api/partner/payout-account",
    "POST /api/partner/stations/<sn>/report-issue",
    "POST /api/admin/partners",
    "POST /api/admin/partners/<uuid:partner_id>/members",
    "POST /api/admin/partners/<uuid:partner_id>/agreements",
    "POST /api/admin/partners/<uuid:partner_id>/agreements/preview",
    "POST /api/admin/partners/<uuid:partner_id>/agreements/<uuid:agreement_id>/end",
    "POST /api/admin/partners/<uuid:partner_id>/payout-accounts",
    "POST /api/admin/partners/<uuid:partner_id>/payout-accounts/<uuid:account_id>/confirm",
    "POST /api/admin/partners/<uuid:partner_id>/payout-accounts/<uuid:account_id>/reject",
    "POST /api/crew/shift/start",
    "POST /api/crew/break/start",
    "POST /api/crew/location",
    "POST /api/crew/payout-account",
    "POST /api/admin/crew/<uuid:member_id>/payout-accounts",
    "POST /api/admin/crew/<uuid:member_id>/payout-accounts/<uuid:account_id>/confirm",
    "POST /api/admin/crew/<uuid:member_id>/payout-accounts/<uuid:account_id>/reject",
    "POST /api/admin/crew",
    "POST /api/admin/crew/pay-plans",
    "POST /api/admin/tasks",
    "POST /api/admin/warehouses",
    "POST /api/admin/stations",
    "POST /api/admin/stations/import",
    "POST /api/admin/stations/<sn>/credentials",
    "POST /api/admin/station-issues/<uuid:issue_id>/resolve",
    "POST /api/admin/discrepancies/<uuid:discrepancy_id>/resolve",
    # A job happens once, however often somebody asks for it.
    "POST /api/admin/payments/webhooks/<uuid:event_id>/replay",
    "POST /api/admin/system/schedules/<name>/run",
    "POST /api/admin/payments/settlements",
    "POST /api/admin/payments/exchange-rates",
    "POST /api/admin/ledger/reconciliation",
    "POST /api/admin/system/jobs/<uuid:job_id>/requeue",
    "POST /api/admin/system/jobs/<uuid:job_id>/discard",
    "POST /api/admin/system/job-decisions",
    "POST /api/admin/system/job-decisions/<uuid:operation_id>/stop",
}


class KeyedClient(FlaskClient):
    """Sends a new Idempotency-Key with each POST, as our own clients do. A test that wants none sends an empty one."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if kwargs.get("method") == "POST":
            kwargs["headers"] = {"Idempotency-Key": str(uuid4())} | dict(kwargs.get("headers") or {})
        return super().open(*args, **kwargs)


@contextmanager
def watching(engine: Engine) -> Iterator[list[str]]:
    """Collect every write by a POST that should have asked for a key."""
    found: list[str] = []

    def look(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if has_request_context() and request.method == "POST" and (what := _WRITES.search(statement)):
            request.environ.setdefault(WROTE, set()).add(what[1])
            if what[1] != COUNT:
                found.extend(_offence(current_app, what[0]))

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", look)


def uncounted(response: Response) -> Iterator[str]:
    """Yield a sentence if a member of staff moved money alone without a row that counts it."""
    wrote = request.environ.get(WROTE, set())
    if response.status_code >= 400 or "ledger_entries" not in wrote or COUNT in wrote or request.url_rule is None:
        return
    if notes(current_app, request.url_rule, "POST").get("permission") in (None, "user"):
        return
    route = f"POST {request.url_rule}"
    body = request.get_json(silent=True)
    if route in NOT_COUNTED or (isinstance(body, dict) and body.get("action") in BY_ITS_TARIFF):
        return
    yield f"{route} moves money that counts against nobody's allowance"


def _offence(app: Flask, what: str) -> Iterator[str]:
    rule = request.url_rule
    if rule is None or not rule.rule.startswith(("/api/", "/internal/", "/console", "/crew")):
        return  # a route of the tests' own
    route = f"POST {rule.rule}"
    if route not in KEYED_OTHERWISE and not notes(app, rule, "POST").get("idempotent"):
        yield f"{route} is not idempotent and does this: {what}"
