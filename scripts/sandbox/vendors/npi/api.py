"""connectIPS' National Payments Interface: tokens that run out, signed batches, and credits that take their time."""

import base64
import functools
import secrets
import threading
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.misbehaving import HANG_SECONDS, closed
from scripts.sandbox.vendor import Vendor, World
from scripts.sandbox.vendors.npi.batches import COURSES, Batches, Instruction

KEYS = {"batchId": "batch_id", "instructionId": "instruction_id"}
ACCESS_SECONDS, REFRESH_SECONDS = 300, 12 * 3600
OF_BATCHES = {
    "refused": "refuses with E007 and the fields",
    "timeout_taken": "says that the debit timed out (999), and has taken it",
    "timeout_not_taken": "says that the debit timed out (999), and has taken nothing",
    "hangs_after_taking": "takes the batch, then answers nothing for a while",
    "credit_rejected": "debits, and rejects the credit (RJCT)",
    "under_way_then_paid": "is under way (ACSP) first, and paid (ACSC) when it is asked",
    "under_way_then_rejected": "is under way (ACSP) first, and rejected (RJCT) when it is asked",
    "stays_under_way": "is under way (ACSP) and never says how it ends",
    "paid_then_rejected": "is paid (ACSC) first, and rejected (RJCT) when it is asked",
    "paid_by_code": "is paid in the words of the creditor's bank (000)",
    "deferred_then_paid_by_code": "is put off by the creditor's bank (DEFER) first, and paid (000) when it is asked",
    "timeout_by_code_then_paid": "says that the credit timed out (999), and has paid it (000) when it is asked",
    "refused_by_code": "is refused by the creditor's bank with a code of its own (1004), and the debit goes back",
}


class Tokens:
    """The tokens that were given out, and when each ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def give(self) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        with self._lock:
            self._until[access] = time.monotonic() + ACCESS_SECONDS
            self._until[refresh] = time.monotonic() + REFRESH_SECONDS
        return {"access_token": access, "refresh_token": refresh, "expires_in": ACCESS_SECONDS, "token_type": "bearer"}

    def is_valid(self, token: str) -> bool:
        return self._until.get(token, 0) > time.monotonic()

    def end(self, token: str) -> None:
        with self._lock:
            self._until.pop(token, None)


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("npi", __name__, url_prefix="/npi")
    tokens, batches = Tokens(), Batches()
    world.on_reset.append(batches.clear)

    @routes.post("/oauth/token")
    def token() -> Any:
        accounts, given, basic = world.accounts, request.form, request.authorization
        ours = (accounts.npi_client, accounts.npi_client_secret)
        good = basic is not None and (basic.username, basic.password) == ours
        if given.get("grant_type") == "refresh_token":
            good = good and tokens.is_valid(given.get("refresh_token", ""))
        else:
            good = good and (given.get("username"), given.get("password")) == (accounts.npi_user, accounts.npi_password)
        return jsonify(tokens.give()) if good else (jsonify(error="invalid_grant"), 401)

    @routes.before_request
    def authenticate() -> tuple[Response, int] | None:
        if request.path.endswith("/oauth/token"):
            return None
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if world.faults.take("npi", ["token_expires"], whom()):
            tokens.end(bearer)
        return None if tokens.is_valid(bearer) else (jsonify(error="invalid_token"), 401)

    @routes.post("/api/validatebankaccount")
    def validate() -> Response:
        fault = world.faults.take("npi", ["no_account", "match_60", "match_0"], whom())
        if fault and fault.fault == "no_account":
            return jsonify(responseCode="E001", responseMessage="Account not found")
        score = {"match_60": 60, "match_0": 0}.get(fault.fault if fault else "", 100)
        return jsonify(responseCode="000", branchId="1", currency="NPR", matchPercentate=score)

    @routes.post("/api/postcipsbatch")
    def real_time() -> Any:
        return take("cipsBatchDetail", "cipsTransactionDetailList", deferred=False)

    @routes.post("/api/postnchlipsbatch")
    def deferred() -> Any:
        return take("nchlIpsBatchDetail", "nchlIpsTransactionDetailList", deferred=True)

    def take(head: str, rows: str, *, deferred: bool) -> Any:
        given = body()
        batch, lines = given.get(head) or {}, given.get(rows) or []
        fault = world.faults.take("npi", OF_BATCHES, whom())
        name = fault.fault if fault else ""
        wrong = find_wrong(batch, lines, given.get("token"), world, deferred=deferred)
        if wrong or name == "refused":
            return refused(wrong or ["creditorAccount"])
        timed_out = jsonify(cipsBatchResponse={"batchId": batch["batchId"], "debitStatus": "999"})
        if name == "timeout_not_taken":
            return timed_out
        kept = batches.add(batch, lines[0], deferred=deferred, course=COURSES.get(name, ["ACSC"]))
        if kept is None:
            return refused(["batchId"])
        if name == "timeout_taken":
            return timed_out
        if name == "hangs_after_taking":
            world.wait(HANG_SECONDS if fault is None or fault.seconds is None else fault.seconds)
            return closed()
        answer = {"batchId": kept.batch_id, "responseCode": "000", "debitStatus": "000"}
        return jsonify(cipsBatchResponse=answer, cipsTxnResponseList=[kept.say()])

    @routes.post("/api/getcipstxnlistbybatchid")
    def by_batch() -> Any:
        return found(batch_id=str(body().get("batchId")))

    @routes.post("/api/getcipstxnbyinstructionid")
    def by_instruction() -> Any:
        return found(instruction_id=str(body().get("instructionId")))

    @routes.post("/api/getnchlipstxnlistbybatchid")
    @routes.post("/api/getnchlipstxnlistbyinstructionid")
    def deferred_batch() -> Any:
        wanted = {KEYS[field]: str(value) for field, value in body().items() if field in KEYS}
        return answer_batch(batches.find(**wanted, deferred=True))

    @routes.post("/api/getcipstxnlistbydate")
    def by_date() -> Any:
        return found(deferred=False)

    @routes.post("/api/getnchlipstxnlistbydate")
    def deferred_by_date() -> Any:
        return found(deferred=True)

    def found(**wanted: Any) -> Any:
        kept = batches.find(**wanted)
        return jsonify([each.say() for each in kept]) if kept else (jsonify(responseCode="404"), 404)

    return routes


def answer_batch(kept: list[Instruction]) -> Any:
    """Answer as the deferred clearing does: with the batch, and its instructions in it."""
    lines = [each.say() for each in kept]
    if not lines:
        return jsonify(responseCode="404"), 404
    debits = [line.pop("debitStatus") for line in lines]
    return jsonify(batchId=lines[0]["batchId"], debitStatus=debits[0], nchlIpsTransactionDetailList=lines)


def refused(fields: list[str]) -> tuple[Response, int]:
    errors = [{"field": field, "message": "is invalid"} for field in fields]
    return jsonify(responseCode="E007", responseMessage="FIELD ERROR", fieldErrors=errors), 400


def find_wrong(batch: dict[str, Any], lines: list[Any], token: Any, world: World, *, deferred: bool) -> list[str]:
    """Find the fields that NPI would refuse: sizes, sums, and a signature that is not ours."""
    if len(lines) != 1 or batch.get("batchCount") != 1 or batch.get("batchAmount") != lines[0].get("amount"):
        return ["batchAmount"]
    line = lines[0]
    sizes = {"batchId": (batch, 20), "instructionId": (line, 30), "endToEndId": (line, 30)}
    wrong = [name for name, (owner, size) in sizes.items() if not 0 < len(str(owner.get(name) or "")) <= size]
    head = ["batchId", "debtorAgent", "debtorBranch", "debtorAccount", "batchAmount", "batchCrncy"]
    parts = [batch.get(name) for name in (*head, *(["categoryPurpose"] if deferred else []))]
    parts += [line.get(each) for each in ("instructionId", "creditorAgent", "creditorBranch", "creditorAccount")]
    signed = ",".join(str(part) for part in [*parts, line.get("amount"), world.accounts.npi_user])
    return wrong if is_signed(signed, str(token), world.accounts.npi_private_key) else [*wrong, "token"]


def is_signed(text: str, token: str, private_key: str) -> bool:
    try:
        public_key(private_key).verify(base64.b64decode(token), text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


@functools.lru_cache(maxsize=4)
def public_key(private_key: str) -> rsa.RSAPublicKey:
    """Give the key that signatures are checked with. To load one takes longer than to check many."""
    key = serialization.load_der_private_key(base64.b64decode(private_key), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 (it is made with the sandbox's accounts)
    return key.public_key()


def body() -> dict[str, Any]:
    given = request.get_json(silent=True)
    return given if isinstance(given, dict) else {}


def whom() -> list[str]:
    """What a fault's `match` is looked for in: the whole request, in which batches are nested."""
    return [request.path, request.get_data(as_text=True)]


def reach(world: World) -> dict[str, str]:
    accounts = world.accounts
    return {"base": f"{world.url}/npi", "user": accounts.npi_user, "client": accounts.npi_client}


VENDOR = Vendor(
    name="npi",
    title="connectIPS (NPI)",
    faults={
        "token_expires": "the access token runs out just now",
        "no_account": "knows no such bank account",
        "match_60": "says that number and name agree by 60 %",
        "match_0": "says that number and name do not agree",
        **OF_BATCHES,
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=whom,
)
