"""eSewa's signatures. The very characters that travel are signed, so numbers stay text."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from typing import NoReturn

from powerbank.integrations.gateway import ForgedError

# These fields must be signed. With fewer, a browser could pass the signature of our own form off as eSewa's.
NEEDED = frozenset({"transaction_code", "status", "total_amount", "transaction_uuid", "product_code"})
MAX_LENGTH = 8_192


def sign(fields: Mapping[str, str], names: str, secret: str) -> str:
    text = ",".join(f"{name}={fields[name]}" for name in names.split(","))
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), "sha256")).decode()


def verify_redirect(data: str, *, secret: str, product_code: str) -> dict[str, str]:
    """Read the fields that eSewa signed for the way back, each as the text that was signed, or raise a ForgedError."""
    fields = _decode(data)
    names = fields.get("signed_field_names", "").split(",")
    if len(set(names)) != len(names) or not set(names) >= NEEDED or not set(names) <= fields.keys():
        raise ForgedError("eSewa: the signed list is not complete")
    expected = sign(fields, ",".join(names), secret)
    if not hmac.compare_digest(expected.encode(), fields.get("signature", "").encode()):
        raise ForgedError("eSewa: the signature is wrong")
    if fields["product_code"] != product_code:
        raise ForgedError("eSewa: it is for somebody else")
    return {name: fields[name] for name in names}


def _decode(data: str) -> dict[str, str]:
    if len(data) > MAX_LENGTH:
        raise ForgedError("eSewa: far too long")
    try:
        text = base64.b64decode(data, validate=True).decode()
        found = json.loads(
            text, parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_refuse_repeats
        )
    except (binascii.Error, ValueError, RecursionError):
        raise ForgedError("eSewa: not what it sends") from None
    if not isinstance(found, dict):
        raise ForgedError("eSewa: not what it sends")
    fields = {name: value for name, value in found.items() if isinstance(value, str)}
    try:
        "".join([*fields, *fields.values()]).encode()
    except UnicodeEncodeError:
        raise ForgedError("eSewa: not what it sends") from None
    return fields


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a name that comes twice: it would be signed as one value and read as another."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
