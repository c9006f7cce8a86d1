"""The payment pages, and the same over JSON."""

import threading
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, redirect, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from scripts.sandbox import outside
from scripts.sandbox.payments import Call, Gateway, Outcome, OutcomeError, Shown
from scripts.sandbox.vendor import World

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
BUTTONS = (
    (Outcome.COMPLETED, "Pay"),
    (Outcome.PENDING, "Pay later"),
    (Outcome.CANCELLED, "Cancel"),
    (Outcome.FAILED, "Fail"),
    (Outcome.EXPIRED, "Expire"),
)


class OutcomeWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    amount: int | None = Field(default=None, ge=0, le=10**15, description="in the smallest unit")
    notify: bool | None = None
    repeat: int = Field(default=1, ge=1, le=100)


class RefundOutcomeWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    outcome: str = Field(pattern="^(completed|failed)$")
    notify: bool = False


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("payments", __name__)

    @routes.errorhandler(OutcomeError)
    def refused(problem: OutcomeError) -> tuple[Response, int]:
        return jsonify(error=str(problem)), problem.status

    @routes.errorhandler(ValidationError)
    def misunderstood(problem: ValidationError) -> tuple[Response, int]:
        return jsonify(error=problem.errors(include_url=False, include_context=False, include_input=False)), 400

    @routes.get("/api/payments")
    def payments() -> Response:
        limit = request.args.get("limit", 50, type=int)
        found = world.gateways.newest_first()[: max(limit, 0)]
        return jsonify(items=[shown.as_json(world.url) for shown in found])

    @routes.get("/api/gateways/<gateway>/payments/<payment_id>")
    def payment(gateway: str, payment_id: str) -> Response:
        return jsonify(known(world, gateway, payment_id)[1].as_json(world.url))

    @routes.post("/api/gateways/<gateway>/payments/<payment_id>/outcome")
    def outcome(gateway: str, payment_id: str) -> Response:
        of, _ = known(world, gateway, payment_id)
        wanted = OutcomeWanted.model_validate(request.get_json(silent=True))
        check(of, wanted.outcome)
        of.apply(payment_id, wanted.outcome, wanted.amount)
        told = wanted.notify if wanted.notify is not None else wanted.repeat > 1
        calls = of.calls(payment_id, wanted.repeat) if told else []
        return jsonify(
            payment=known(world, gateway, payment_id)[1].as_json(world.url),
            notified=[outside.make(world, call) for call in calls],
        )

    @routes.post("/api/gateways/<gateway>/refunds/<refund_id>/outcome")
    def refund_outcome(gateway: str, refund_id: str) -> Response:
        wanted = RefundOutcomeWanted.model_validate(request.get_json(silent=True))
        calls = named(world, gateway).settle_refund(refund_id, succeeded=wanted.outcome == "completed")
        return jsonify(notified=[outside.make(world, call) for call in calls] if wanted.notify else [])

    @routes.get("/pay/<gateway>/<payment_id>")
    def page(gateway: str, payment_id: str) -> Response:
        of = world.gateways.get(gateway)
        shown = of.get(payment_id) if of else None
        return paper(world, of, shown, None)

    @routes.post("/pay/<gateway>/<payment_id>")
    def press(gateway: str, payment_id: str) -> AnyResponse:
        of, shown = known(world, gateway, payment_id)
        try:
            chosen = Outcome(request.form.get("outcome", ""))
            check(of, chosen)
            of.apply(payment_id, chosen, None)
        except ValueError:
            return paper(world, of, shown, "There is no such outcome.")
        except OutcomeError as problem:
            return paper(world, of, shown, str(problem))
        shown = known(world, gateway, payment_id)[1]
        lost = "lose" in request.form
        if of.calls_by_itself() and not lost:
            tell(world, of.calls(payment_id, 1))
        if lost or not shown.back:
            return paper(world, of, shown, None)
        if not outside.may_reach(world, shown.back):
            why = "The sandbox sends a browser only to this machine and to SANDBOX_REACHABLE_HOSTS."
            return paper(world, of, shown, why)
        return redirect(shown.back, 303)

    return routes


def tell(world: World, calls: list[Call]) -> None:
    """Beside the browser's way back, as a vendor does: neither waits for the other."""
    threading.Thread(target=outside.make_until_taken, args=(world, calls), daemon=True).start()


def named(world: World, name: str) -> Gateway:
    gateway = world.gateways.get(name)
    if gateway is None:
        raise OutcomeError(f"there is no gateway {name}", 404)
    return gateway


def known(world: World, name: str, payment_id: str) -> tuple[Gateway, Shown]:
    gateway = named(world, name)
    shown = gateway.get(payment_id)
    if shown is None:
        raise OutcomeError(f"{gateway.title} knows no payment {payment_id}", 404)
    return gateway, shown


def check(gateway: Gateway, outcome: Outcome) -> None:
    if outcome not in gateway.outcomes:
        raise OutcomeError(f"outcome of {gateway.title} is one of {', '.join(sorted(gateway.outcomes))}", 400)


def paper(world: World, gateway: Gateway | None, shown: Shown | None, problem: str | None) -> Response:
    values: dict[str, Any] = {"gateway": gateway, "payment": shown, "problem": problem, "buttons": BUTTONS}
    values["back"] = shown.back if shown and shown.back and outside.may_reach(world, shown.back) else None
    answer = make_response(
        render_template("pay.html", **values), 200 if shown and not problem else 409 if shown else 404
    )
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Cache-Control"] = "no-store"
    return answer
