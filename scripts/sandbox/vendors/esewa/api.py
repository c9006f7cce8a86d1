"""eSewa ePay v2: a signed form that a browser posts, a signed way back, and a status that anybody may ask for."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from scripts.sandbox.vendor import Vendor, World, from_anywhere
from scripts.sandbox.vendors.esewa.payments import EsewaPayments, sign

REQUIRED = (
    "amount",
    "tax_amount",
    "product_service_charge",
    "product_delivery_charge",
    "total_amount",
    "transaction_uuid",
    "product_code",
    "success_url",
    "failure_url",
    "signed_field_names",
    "signature",
)
PARTS = ("amount", "tax_amount", "product_service_charge", "product_delivery_charge")
SIGNED = "total_amount,transaction_uuid,product_code"
NUMBER = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
UUID = re.compile(r"[A-Za-z0-9-]{1,128}")


class EsewaError(Exception):
    """eSewa shows its payer a page with a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("esewa", __name__, url_prefix="/esewa/api/epay")
    payments = EsewaPayments(world)
    world.gateways.add(payments)
    world.on_reset.append(payments.clear)

    @routes.errorhandler(EsewaError)
    def refused(problem: EsewaError) -> tuple[Response, int]:
        return jsonify(code=problem.code, error_message=str(problem)), 400

    @routes.post("/main/v2/form")
    def enter() -> AnyResponse:
        form = request.form
        check(form, world)
        if not payments.open(form):
            raise EsewaError("ES105", "Duplicate transaction UUID.")
        return redirect(f"{world.url}/pay/esewa/{form['transaction_uuid']}", 303)

    @routes.get("/transaction/status/")
    def status() -> Response:
        fault = world.faults.take("esewa", ["service_unavailable"], from_anywhere())
        if fault:
            return jsonify(code=0, error_message="Service is currently unavailable")
        asked = request.args
        missing = [name for name in ("product_code", "total_amount", "transaction_uuid") if not asked.get(name)]
        if missing:
            raise EsewaError("ES400", f"{missing[0]} is required")
        total = number(asked["total_amount"])
        payment = payments.find(asked["transaction_uuid"])
        known = payment and total is not None and payment.asked == total
        if asked["product_code"] != world.accounts.esewa_product or payment is None or not known:
            return answer(asked, float(total or 0), "NOT_FOUND", None)
        return answer(asked, payment.total, payment.status, payment.ref_id)

    return routes


def answer(asked: Mapping[str, str], total: float, status: str, ref_id: str | None) -> Response:
    return jsonify(
        product_code=asked["product_code"],
        transaction_uuid=asked["transaction_uuid"],
        total_amount=total,
        status=status,
        ref_id=ref_id,
    )


def check(form: Mapping[str, str], world: World) -> None:
    for name in REQUIRED:
        if not form.get(name):
            raise EsewaError("ES101", f"{name} is required")
    if form["product_code"] != world.accounts.esewa_product:
        raise EsewaError("ES103", "Invalid product code.")
    if not UUID.fullmatch(form["transaction_uuid"]):
        raise EsewaError("ES102", "transaction_uuid may hold letters, digits and hyphens only")
    if form["signed_field_names"] != SIGNED:
        raise EsewaError("ES104", "Invalid signed field names.")
    if sign(form, world.accounts.esewa_secret) != form["signature"]:
        raise EsewaError("ES104", "Invalid payload signature.")
    numbers = [number(form[name]) for name in PARTS]
    if None in numbers or number(form["total_amount"]) is None:
        raise EsewaError("ES102", "an amount is not a number")
    if sum(one for one in numbers if one is not None) != number(form["total_amount"]):
        raise EsewaError("ES102", "total_amount is not the sum of its parts")
    if not number(form["total_amount"]):
        raise EsewaError("ES102", "total_amount is nothing")


def number(given: str) -> Decimal | None:
    try:
        return Decimal(given) if NUMBER.fullmatch(given) else None
    except InvalidOperation:
        return None


def reach(world: World) -> dict[str, str]:
    return {
        "form": f"{world.url}/esewa/api/epay/main/v2/form",
        "status": f"{world.url}/esewa/api/epay/transaction/status/",
        "product code": world.accounts.esewa_product,
        "secret": world.accounts.esewa_secret,
    }


VENDOR = Vendor(
    name="esewa",
    title="eSewa",
    faults={
        "service_unavailable": "the status answers 200 with code 0",
        "comma_amount": 'the way back says "1,000.0", in quotes and with a comma',
        "tampered": "the way back has an amount that was changed after signing",
        "shortened_list": "the way back says COMPLETE, signed with the form's own signature over three fields",
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=from_anywhere,
)
