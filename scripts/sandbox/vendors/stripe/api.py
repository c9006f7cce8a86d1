"""Stripe as its own package speaks to it: Checkout, payment intents, refunds, events and webhooks."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox import outside
from scripts.sandbox.payment_routes import tell
from scripts.sandbox.vendor import Vendor, World, from_anywhere
from scripts.sandbox.vendors.stripe import objects, params
from scripts.sandbox.vendors.stripe.events import Events, Object, new_id
from scripts.sandbox.vendors.stripe.idempotency import Idempotency
from scripts.sandbox.vendors.stripe.params import StripeError
from scripts.sandbox.vendors.stripe.payments import StripePayments

LISTED = {"checkout.session": "/v1/checkout/sessions", "refund": "/v1/refunds", "event": "/v1/events"}


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("stripe", __name__, url_prefix="/stripe")
    events = Events(world)
    payments = StripePayments(world, events)
    idempotency = Idempotency()
    world.gateways.add(payments)
    world.on_reset.extend([payments.clear, events.clear, idempotency.clear])

    @routes.errorhandler(StripeError)
    def refused(problem: StripeError) -> tuple[Response, int]:
        return jsonify(problem.body), problem.status

    @routes.before_request
    def authenticate() -> None:
        if request.path.endswith("/webhook"):
            return
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != world.accounts.stripe_secret:
            raise StripeError(f"Invalid API Key provided: {given[:7]}****", status=401)

    @routes.after_request
    def number(response: Response) -> Response:
        response.headers.setdefault("Request-Id", new_id("req"))
        return response

    def expanded(found: Object) -> Response:
        return shown(found, payments)

    def fail_if_asked() -> None:
        """After the work and before the answer, which is then kept: a repeat under the same key gets it again."""
        if world.faults.take("stripe", ["stored_error"], from_anywhere()):
            raise StripeError("An unknown error occurred", status=500, kind="api_error", executed=True)

    @routes.post("/v1/checkout/sessions")
    @idempotency.once
    def create_session() -> Response:
        made = payments.create_session(params.unfold(request.form))
        fail_if_asked()
        return expanded(made)

    @routes.post("/v1/checkout/sessions/<id_>/expire")
    @idempotency.once
    def expire_session(id_: str) -> Response:
        found = payments.find(id_, "checkout.session")
        tell(world, events.calls(payments.expire(found)))
        return expanded(found)

    @routes.post("/v1/payment_intents")
    @idempotency.once
    def create_intent() -> Response:
        given = params.unfold(request.form)
        params.known_only(given, objects.INTENT_PARAMS)
        amount = params.integer(params.required(given, "amount"), "amount")
        currency = params.currency(params.required(given, "currency"), "currency")
        params.check_amount(amount, currency, "amount")
        given["metadata"] = params.texts(given.get("metadata"), "metadata")
        made = payments.create_intent(amount, currency, given)
        fail_if_asked()
        return expanded(made)

    @routes.post("/v1/refunds")
    @idempotency.once
    def create_refund() -> Response:
        given = params.unfold(request.form)
        params.known_only(given, objects.REFUND_PARAMS)
        made, news = payments.refund(charge_to_refund(given, payments), given)
        tell(world, events.calls(news))
        fail_if_asked()
        return expanded(made)

    @routes.put("/webhook")
    def set_webhook() -> tuple[Response, int]:
        """The sandbox's own: where events are sent. Nothing means nowhere."""
        given = request.get_json(silent=True)
        url = given.get("url") if isinstance(given, dict) else None
        if not isinstance(url, str) or (url and not outside.may_reach(world, url)):
            return jsonify(error="url is an address on this machine, or empty"), 400
        events.webhook_url = url
        return jsonify(url=url), 200

    add_readers(routes, payments, events)
    return routes


def add_readers(routes: Blueprint, payments: StripePayments, events: Events) -> None:
    def expanded(found: Object) -> Response:
        return shown(found, payments)

    @routes.get("/v1/checkout/sessions/<id_>")
    def session(id_: str) -> Response:
        return expanded(payments.find(id_, "checkout.session"))

    @routes.get("/v1/checkout/sessions")
    def sessions() -> Response:
        of = request.args.get("payment_intent")
        found = payments.of_kind("checkout.session")
        return listed([one for one in found if of is None or one["payment_intent"] == of], "checkout.session")

    @routes.get("/v1/payment_intents/<id_>")
    def intent(id_: str) -> Response:
        return expanded(payments.find(id_, "payment_intent"))

    @routes.get("/v1/charges/<id_>")
    def charge(id_: str) -> Response:
        return expanded(payments.find(id_, "charge"))

    @routes.get("/v1/refunds/<id_>")
    def refund(id_: str) -> Response:
        return expanded(payments.find(id_, "refund"))

    @routes.get("/v1/refunds")
    def refunds() -> Response:
        of = request.args.get("payment_intent")
        found = payments.of_kind("refund")
        return listed([one for one in found if of is None or one["payment_intent"] == of], "refund")

    @routes.get("/v1/disputes/<id_>")
    def dispute(id_: str) -> Response:
        return expanded(payments.find(id_, "dispute"))

    @routes.get("/v1/events/<id_>")
    def event(id_: str) -> Response:
        found = next((one for one in events.newest_first() if one["id"] == id_), None)
        if found is None:
            raise StripeError(f"No such event: '{id_}'", status=404, code="resource_missing", param="id")
        return jsonify(found)

    @routes.get("/v1/events")
    def all_events() -> Response:
        kind = request.args.get("type")
        return listed([one for one in events.newest_first() if kind in (None, one["type"])], "event")


def shown(found: Object, payments: StripePayments) -> Response:
    asked = [path for name, paths in request.values.lists() if name.startswith("expand[") for path in paths]
    with payments.lock:
        return jsonify(expand(found, asked, payments.objects))


def charge_to_refund(given: Mapping[str, Any], payments: StripePayments) -> Object:
    if given.get("charge"):
        return payments.find(str(given["charge"]), "charge")
    intent = payments.find(str(params.required(given, "payment_intent")), "payment_intent")
    if not intent["latest_charge"]:
        said = f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        raise StripeError(said, param="payment_intent")
    return payments.find(intent["latest_charge"], "charge")


def expand(found: Object, paths: list[str], known: Mapping[str, Object]) -> Object:
    """`payment_intent.latest_charge`: the object in place of its id."""
    whole = dict(found)
    for path in paths:
        name, _, rest = path.partition(".")
        if name not in whole:
            said = f"This property cannot be expanded ({name})."
            raise StripeError(said, param="expand")
        inner = whole[name]["id"] if isinstance(whole[name], dict) else whole[name]
        if inner in known:
            whole[name] = expand(known[inner], [rest] if rest else [], known)
    return whole


def listed(found: list[Object], kind: str) -> Response:
    limit = min(max(request.args.get("limit", 10, type=int), 1), 100)
    after = request.args.get("starting_after")
    if after:
        ids = [one["id"] for one in found]
        if after not in ids:
            raise StripeError(f"No such {kind}: '{after}'", code="resource_missing", param="starting_after")
        found = found[ids.index(after) + 1 :]
    return jsonify(object="list", url=LISTED[kind], has_more=len(found) > limit, data=found[:limit])


def reach(world: World) -> dict[str, str]:
    return {
        "base": f"{world.url}/stripe",
        "secret key": world.accounts.stripe_secret,
        "webhook secret": world.accounts.stripe_webhook_secret,
    }


VENDOR = Vendor(
    name="stripe",
    title="Stripe",
    faults={
        "stored_error": "does the work and answers 500, and the same 500 again under the same idempotency key",
        "refund_pending": "the next refund is pending until it is settled",
        "webhooks_doubled": "each event is sent twice",
        "webhooks_reversed": "the events of one turn are sent last first",
        "webhook_lost": "the events of one turn are not sent",
        "webhook_forged": "signed with another secret",
        "webhook_old": "signed an hour ago",
        "webhook_future": "signed an hour from now",
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=from_anywhere,
    spared=frozenset({"set_webhook"}),
)
