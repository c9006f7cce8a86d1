"""Signatures that are good for a while, by the database's clock.

HTTP bodies are signed `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, as Stripe writes it: the receiver checks
time and body with one HMAC. We sign our calls of clients so, and gateways of stations sign theirs. Texts that travel in
an address are signed by `TimedSerializer`.
"""

import hmac
import re

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from powerbank.base.clock import utcnow

WINDOW_SECONDS = 300  # either way, since clocks differ

_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


class DatabaseTimeSigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(utcnow().timestamp())


class TimedSerializer(URLSafeTimedSerializer):
    """Signs texts for addresses. itsdangerous's own serializer would ask the clocks of two hosts for the two ends."""

    default_signer = DatabaseTimeSigner


def sign_body(body: bytes, secret: str, *, moment: int) -> str:
    return f"t={moment},v1={_digest(body, secret, str(moment))}"


def is_signed(body: bytes, signature: str, secret: str, *, now: float) -> bool:
    """Tell whether a signature belongs to this body and is recent. Without a secret nothing counts as signed."""
    found = _SIGNATURE.fullmatch(signature)
    if not secret or found is None or abs(now - int(found[1])) > WINDOW_SECONDS:
        return False
    return hmac.compare_digest(_digest(body, secret, found[1]), found[2])


def _digest(body: bytes, secret: str, moment: str) -> str:
    return hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
