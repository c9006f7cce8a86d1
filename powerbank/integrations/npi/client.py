"""connectIPS' National Payments Interface: money to bank accounts.

A batch holds one instruction, and is signed. Small sums go in real time, larger ones in the deferred clearing. A batch
whose debit timed out may have been taken: it is asked for by its number, by its instruction, and in the list of the day
as the last resort.
"""

import base64
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from powerbank.base.clock import HOME, utcnow
from powerbank.base.money import format_amount, parse_amount
from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.http import Answer, Http
from powerbank.integrations.payout_provider import AccountCheck, Destination, Order, PayoutState, ProviderAnswer

CREDIT = {
    "ENTR": PayoutState.PROCESSING,
    "GEN": PayoutState.PROCESSING,
    "SENT": PayoutState.PROCESSING,
    "ACTC": PayoutState.PROCESSING,
    "ACSP": PayoutState.PROCESSING,
    "ACSC": PayoutState.PAID,
    "RJCT": PayoutState.FAILED,
    # In real time a credit has the code of the bank that it goes to instead.
    "000": PayoutState.PAID,
    "DEFER": PayoutState.PROCESSING,
}
DONE, TIMED_OUT = "000", "999"
# An account that is there: the name agrees wholly, or somewhat, and the score says how far.
FOUND = ("000", "999")
MOST_IN_REAL_TIME = 2_000_000_00  # paisa, between banks
CATEGORY = "ECPG"
# Under which names answers have their instructions and their batch.
LISTS = ("cipsTxnResponseList", "nchlIpsTxnResponseList", "cipsTransactionDetailList", "nchlIpsTransactionDetailList")
HEADS = ("cipsBatchResponse", "nchlIpsBatchResponse", "cipsBatchDetail", "nchlIpsBatchDetail")
KEYS = {"batchId", "instructionId"}
ASK_AFTER = timedelta(minutes=15)  # until then a batch that is nowhere may still appear


@dataclass(frozen=True)
class Debtor:
    """The network's own account, from which payouts are paid."""

    agent: str
    branch: str
    account: str
    name: str


@dataclass
class Tokens:
    access: str
    refresh: str
    until: datetime


class Npi:
    name = "npi"
    title = "connectIPS (NPI)"
    automatic = True

    def __init__(
        self, *, url: str, user: str, password: str, client: str, client_secret: str, private_key: str, debtor: Debtor
    ) -> None:
        self._url = url.rstrip("/")
        self._user, self._password = user, password
        self._basic = (client, client_secret)
        self._debtor = debtor
        self._key = _load_key(private_key)
        self._http = Http("NPI")
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None

    def check_account(self, to: Destination) -> AccountCheck:
        wanted = {"bankId": to.bank_code, "accountId": to.number, "accountName": to.name}
        body = self._post("validatebankaccount", wanted).object()
        if str(body.get("responseCode")) not in FOUND:
            said = str(body.get("responseMessage") or "There is no such account.")
            return AccountCheck(exists=False, note=said[:200])
        try:
            score = int(float(str(body["matchPercentate"])))  # so it is spelt there
        except (KeyError, ValueError):
            raise VendorError("NPI: a validation without a score") from None
        return AccountCheck(exists=True, score=min(max(score, 0), 100), note=None)

    def send(self, order: Order) -> ProviderAnswer:
        deferred = is_deferred(order)
        answer = self._post("postnchlipsbatch" if deferred else "postcipsbatch", self._batch(order, deferred=deferred))
        body = answer.object()
        if str(body.get("responseCode")) == "E007" or answer.status == 400:
            fields = _name_fields(body)
            if KEYS & set(fields):  # ours are well formed, so it has them from before
                raise VendorError("NPI: it was posted before")
            raise VendorRefusedError(f"NPI refused: {', '.join(fields)[:200] or 'no reason given'}")
        if answer.status != 200:
            raise VendorError(f"NPI: {answer.status}")
        return _read_batch(body, order)

    def find(self, order: Order) -> ProviderAnswer | None:
        found = self._find_line(order)
        if found is not None:
            return _read_line(found, order)
        if utcnow() < order.ordered_at + ASK_AFTER:
            raise VendorError("NPI: it has not appeared yet")
        return None

    def _find_line(self, order: Order) -> dict[str, Any] | None:
        """Look for the instruction: in its batch, by itself, and in the lists of the days since it was ordered.

        The deferred clearing has addresses of its own. Where they know nothing the other ones are asked too.
        """
        batch = {"batchId": batch_id(order)}
        one = batch | {"instructionId": order.key}
        asked: list[tuple[str, dict[str, str]]] = [
            ("getcipstxnlistbybatchid", batch),
            ("getcipstxnbyinstructionid", one),
        ]
        if is_deferred(order):
            asked = [("getnchlipstxnlistbybatchid", batch), ("getnchlipstxnlistbyinstructionid", one), *asked]
        window = {
            "txnDateFrom": order.ordered_at.astimezone(HOME).strftime("%Y-%m-%d"),
            "txnDateTo": utcnow().astimezone(HOME).strftime("%Y-%m-%d"),
        }
        asked += [("getcipstxnlistbydate", window), ("getnchlipstxnlistbydate", window)]
        for name, body in asked:
            answer = self._post(name, body)
            if answer.status == 404:
                continue
            if answer.status != 200:
                raise VendorError(f"NPI: {answer.status}")
            for line in _lines_of(answer.json()):
                if line.get("instructionId") == order.key:
                    return line
        return None

    def _batch(self, order: Order, *, deferred: bool) -> dict[str, Any]:
        amount = format_amount(order.amount)
        agent, _, branch = (order.to.bank_code or "").partition("-")
        head = [batch_id(order), self._debtor.agent, self._debtor.branch, self._debtor.account, amount, "NPR"]
        line = [order.key, agent, branch or "1", order.to.number, amount]
        signed = ",".join([*head, *([CATEGORY] if deferred else []), *line, self._user])
        return {
            ("nchlIpsBatchDetail" if deferred else "cipsBatchDetail"): {
                "batchId": head[0],
                "batchAmount": amount,
                "batchCount": 1,
                "batchCrncy": "NPR",
                "categoryPurpose": CATEGORY,
                "debtorAgent": self._debtor.agent,
                "debtorBranch": self._debtor.branch,
                "debtorName": self._debtor.name,
                "debtorAccount": self._debtor.account,
            },
            ("nchlIpsTransactionDetailList" if deferred else "cipsTransactionDetailList"): [
                {
                    "instructionId": order.key,
                    "endToEndId": order.remarks[:30],
                    "amount": amount,
                    "creditorAgent": agent,
                    "creditorBranch": branch or "1",
                    "creditorName": order.to.name,
                    "creditorAccount": order.to.number,
                }
            ],
            "token": self._sign(signed),
        }

    def _sign(self, text: str) -> str:
        return base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()

    def _post(self, name: str, body: dict[str, Any]) -> Answer:
        """Post with an access token, and once more with a new one: NPI refuses an old one before it does anything."""
        url = f"{self._url}/api/{name}"
        answer = self._http.send("POST", url, json=body, headers=self._bearer())
        if answer.status == 401:
            answer = self._http.send("POST", url, json=body, headers=self._bearer(renew=True))
        if answer.status == 401:
            raise VendorError("NPI: takes no token of ours")
        return answer

    def _bearer(self, *, renew: bool = False) -> dict[str, str]:
        with self._lock:
            if self._tokens is None or renew or utcnow() >= self._tokens.until:
                self._tokens = self._renew(self._tokens) if self._tokens is not None else self._sign_in()
            return {"Authorization": f"Bearer {self._tokens.access}"}

    def _renew(self, tokens: Tokens) -> Tokens:
        """Renew the tokens; once the refresh token has run out too, sign in again."""
        try:
            return self._ask_for_tokens({"grant_type": "refresh_token", "refresh_token": tokens.refresh})
        except VendorRefusedError:
            return self._sign_in()

    def _sign_in(self) -> Tokens:
        """Sign in. Where that is refused, nothing is said of the money that is asked about."""
        try:
            return self._ask_for_tokens({"grant_type": "password", "username": self._user, "password": self._password})
        except VendorRefusedError as refused:
            raise VendorError(str(refused)) from None

    def _ask_for_tokens(self, grant: dict[str, str]) -> Tokens:
        answer = self._http.send("POST", f"{self._url}/oauth/token", data=grant, auth=self._basic)
        if answer.status in (400, 401):
            self._tokens = None
            raise VendorRefusedError("NPI refuses our sign-in")
        if answer.status != 200:
            raise VendorError(f"NPI: {answer.status} for a token")
        body = answer.object()
        try:
            lasts = int(body.get("expires_in") or 30)
            return Tokens(
                str(body["access_token"]), str(body["refresh_token"]), utcnow() + timedelta(seconds=max(lasts - 5, 5))
            )
        except (KeyError, ValueError, TypeError):
            raise VendorError("NPI: tokens that cannot be read") from None


def is_deferred(order: Order) -> bool:
    return order.amount > MOST_IN_REAL_TIME


def batch_id(order: Order) -> str:
    """Name the batch of an order, in the 20 letters that there are for it. They end with the number of the attempt."""
    return order.key.replace("-", "")[-20:]


def _read_batch(body: dict[str, Any], order: Order) -> ProviderAnswer:
    """Read the answer to a batch. Without a clear success of the debit it is not known what happened."""
    batch = body.get("cipsBatchResponse") or body.get("nchlIpsBatchResponse") or {}
    debit = str(batch.get("debitStatus") or batch.get("responseCode") or "")
    line = next((each for each in _lines_of(body) if each.get("instructionId") == order.key), None)
    if debit == TIMED_OUT or line is None:
        raise VendorError(f"NPI: debit {debit or 'without a status'}")
    # An answer to a batch leaves out the amounts, which were posted a moment before.
    posted = {"amount": format_amount(order.amount)}
    return _read_line(posted | line | {"debitStatus": debit}, order)


def _read_line(line: dict[str, Any], order: Order) -> ProviderAnswer:
    """Read what became of an instruction. A code that is not clearly a yes or a no leaves it unknown."""
    credit, debit = (str(line.get(name) or "").upper() for name in ("creditStatus", "debitStatus"))
    if debit == TIMED_OUT:
        raise VendorError("NPI: it is not known what became of it")
    try:
        amount = parse_amount(str(line.get("amount", "")))
    except ValueError:
        amount = -1
    if amount != order.amount:
        raise VendorError("NPI: an answer about another amount")
    number = line.get("id") or line.get("ipsTxnId")
    reference = None if number is None else str(number)[:60]
    if debit not in (DONE, "", "ENTR"):
        return ProviderAnswer(PayoutState.FAILED, reference, f"debit {debit}"[:200])
    state = CREDIT.get(credit)
    if state is None and credit != TIMED_OUT and str(line.get("reversalStatus")) == DONE:
        state = PayoutState.FAILED  # the bank refused the credit with a code of its own, and the debit went back
    if state is None:
        raise VendorError("NPI: it is not known what became of it")
    return ProviderAnswer(state, reference, f"credit {credit}"[:200])


def _lines_of(body: Any) -> list[dict[str, Any]]:
    """Give the instructions of an answer, wherever it has them: by themselves, or in batches, one or a list of them.

    What became of the debit is said of a batch, and holds for each of its instructions. An instruction by itself has
    its batch inside it.
    """
    if isinstance(body, list):
        return [line for each in body for line in _lines_of(each)]
    if not isinstance(body, dict):
        return []
    head = next((body[name] for name in HEADS if isinstance(body.get(name), dict)), body)
    debit = {"debitStatus": head["debitStatus"]} if head.get("debitStatus") is not None else {}
    found = next((body[name] for name in LISTS if isinstance(body.get(name), list)), [body])
    return [debit | each for each in found if isinstance(each, dict)]


def _name_fields(body: dict[str, Any]) -> list[str]:
    """Name the fields that were refused, without their values."""
    errors = body.get("fieldErrors")
    return [str(each.get("field")) for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def _load_key(private_key: str) -> rsa.RSAPrivateKey:
    """Read a key as PEM, or as one line of base64, which fits into the environment."""
    if private_key.startswith("-----BEGIN"):
        loaded = serialization.load_pem_private_key(private_key.encode(), password=None)
    else:
        loaded = serialization.load_der_private_key(base64.b64decode(private_key), password=None)
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise ValueError("NPI signs with an RSA key")  # noqa: TRY004
    return loaded
