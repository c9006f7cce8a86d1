"""What a gateway sent, to be read by staff: as it came, but without what it says of the payer.

Names, addresses, numbers and card details are left out wherever they stand. Who has to see them asks the API for the
whole, which the audit log remembers.
"""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

HIDDEN = "•••"
LONGEST = 20_000  # characters that are shown

_PERSONAL = re.compile(
    r"name|e-?mail|phone|mobile|msisdn|contact|address|city|zip|postal|card|last4|iban|ip$|customer|payer|billing"
    r"|shipping|secret|token|password|owner",
    re.IGNORECASE,
)
# The gateway's own words for kinds and numbers, although they look like the above.
_PLAIN = frozenset({"product_name", "object_name", "gateway_name", "event_name"})
_BLANKS = re.compile(r"(\s)")
_MOBILE = re.compile(r"(?<![\w-])(?:\+?977[ -]?)?9[678]\d{8}(?![\w-])")


def mask_body(body: bytes) -> str:
    """Give a body as text, laid out where it is JSON."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"{len(body)} bytes"
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return mask_query(text) if "=" in text and not text.lstrip().startswith(("{", "[", "<")) else _mask_text(text)
    try:
        return json.dumps(_mask(found, personal=False), indent=2, ensure_ascii=False)[:LONGEST]
    except RecursionError:
        return _mask_text(text)


def mask_query(query: str) -> str:
    """Give the fields of a form or an address, a line for each."""
    pairs = parse_qsl(query, keep_blank_values=True)
    return "\n".join(f"{name} = {HIDDEN if _is_personal(name) else _mask_text(value)}" for name, value in pairs)[
        :LONGEST
    ]


def _mask(given: Any, *, personal: bool) -> Any:
    if isinstance(given, dict):
        return {name: _mask(value, personal=personal or _is_personal(str(name))) for name, value in given.items()}
    if isinstance(given, list):
        return [_mask(value, personal=personal) for value in given]
    if personal and given not in (None, "", True, False):
        return HIDDEN
    return _mask_text(given) if isinstance(given, str) else given


def _is_personal(name: str) -> bool:
    return name not in _PLAIN and _PERSONAL.search(name) is not None


def _mask_text(text: str) -> str:
    """Leave out e-mail addresses and mobile numbers. It looks at each word once, whoever wrote it."""
    words = (HIDDEN if "@" in word else word for word in _BLANKS.split(text[:LONGEST]))
    return _MOBILE.sub(HIDDEN, "".join(words))
