"""What settings must hold beyond their types, and what production refuses to start with: in words that say what to do.

`config.py` has the settings. It asks for each of them, with those that stand before it, and tells all faults at once.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

# Whoever reads the source knows these, so production refuses them.
DEVELOPMENT_SECRET = "development-secret-that-production-refuses"  # noqa: S105
# What gateways and the sandbox give to everybody.
_TEST_VALUES = frozenset({"8gBm/:&EnhH.1/q", "EPAYTEST", "sandbox-khalti-secret", "whsec_sandbox"})
# Where gateways take payments that nobody pays.
_TEST_HOSTS = frozenset(
    {"dev.khalti.com", "a.khalti.com", "rc-epay.esewa.com.np", "rc.esewa.com.np", "uat.esewa.com.np"}
)
_TEST_WORDS = frozenset({"dev", "test", "testing", "sandbox", "rc", "uat", "staging", "localhost"})

# What must be there as soon as something else is.
_NEEDED_WITH = {
    "callback_secret": "callback_hosts",
    "khalti_secret": "khalti_url",
    "esewa_status_url": "esewa_form_url",
    "esewa_product_code": "esewa_form_url",
    "esewa_secret": "esewa_form_url",
    "stripe_webhook_secret": "stripe_secret",
}
_NEEDED_BY_CLOUDINARY = ("cloudinary_cloud_name", "cloudinary_api_key", "cloudinary_api_secret")

# Several keys, the newest first: `new,old`.
_KEYS = ("document_keys", "staff_key")
# Made by others, so neither their length nor their letters are ours to choose. All other secrets are ours.
_FROM_VENDORS = frozenset(
    {
        "sms_token",
        "fcm_credentials",
        "cloudinary_api_key",
        "cloudinary_api_secret",
        "khalti_secret",
        "esewa_secret",
        "stripe_secret",
        "stripe_webhook_secret",
    }
)
_GATEWAYS = ("khalti_", "esewa_", "stripe_")
_MAKE_ONE = "make one with `openssl rand -base64 48`"
_LEAST_LENGTH, _LEAST_DIFFERENT, _LEAST_OF_VENDORS = 32, 10, 8


def find_faults(name: str, value: Any, before: Mapping[str, Any]) -> list[str]:
    """What is wrong with one setting. The value is never told: it may be a secret."""
    checks: tuple[Check, ...] = (_incomplete, _malformed)
    if before.get("powerbank_env") == "production":
        checks += (_weak, _of_tests, _in_the_clear, _open_to_all)
    return [fault for check in checks for fault in check(name, value, before)]


Check = Callable[[str, Any, Mapping[str, Any]], Iterator[str]]


def plain_text(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def split_keys(value: SecretStr) -> list[str]:
    return [part.strip() for part in value.get_secret_value().split(",") if part.strip()]


def _incomplete(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    other = _NEEDED_WITH.get(name)
    if other and plain_text(before.get(other)) and not plain_text(value):
        yield f"must be set, as {other.upper()} is"
    if name in _NEEDED_BY_CLOUDINARY and before.get("document_store") == "cloudinary" and not plain_text(value):
        yield "is required, where DOCUMENT_STORE is cloudinary"
    if name in _KEYS and not split_keys(value):
        yield "must name at least one key"


def _malformed(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if name in ("otp_countries", "otp_prefixes"):
        kind, example = (r"[A-Za-z]{2}", "NP,IN") if name == "otp_countries" else (r"\+\d{0,14}", "+97798,+97797")
        if not all(re.fullmatch(kind, part.strip()) for part in value.split(",")):
            yield f"must be a list such as {example}"
    if name in ("app_url", "app_link") and value and not re.match(r"[a-z][a-z0-9+.-]*://", value):
        yield "must be a link, such as https://app.example or powerbank://app"


def _weak(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if name == "documents_dir" and before.get("document_store") == "local" and not value.is_absolute():
        yield "must be an absolute path in production, where DOCUMENT_STORE is local"
    if not isinstance(value, SecretStr) or not plain_text(value):
        return
    if name in _FROM_VENDORS:
        if len(plain_text(value)) < _LEAST_OF_VENDORS:
            yield "is too short for a real one; copy it from the vendor's portal"
        return
    for secret in _secrets(name, value):
        if secret == DEVELOPMENT_SECRET:
            yield f"is the development secret, which everybody knows; {_MAKE_ONE}"
        elif len(secret) < _LEAST_LENGTH:
            yield f"must have at least {_LEAST_LENGTH} characters in production; {_MAKE_ONE}"
        elif len(set(secret)) < _LEAST_DIFFERENT:
            yield f"is a few letters over and over, which can be guessed; {_MAKE_ONE}"
    for other, its_value in before.items():
        if isinstance(its_value, SecretStr) and set(_secrets(name, value)) & set(_secrets(other, its_value)):
            yield f"is the same as {other.upper()}, so who has one has both; {_MAKE_ONE}"


def _secrets(name: str, value: SecretStr) -> list[str]:
    return split_keys(value) if name in _KEYS else [plain_text(value)]


def _of_tests(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if not name.startswith(_GATEWAYS):
        return
    told = plain_text(value)
    host = urlsplit(told).hostname if isinstance(value, str) else None
    if host is not None:
        if host in _TEST_HOSTS or _TEST_WORDS & set(re.split(r"[.-]", host)) or _is_this_machine(host):
            yield "is where the gateway tests, so nobody would pay; take its live address"
    elif told in _TEST_VALUES or "_test_" in told or told.startswith("test_"):
        yield "is for tests; production needs a live one, from the gateway's portal"
    elif name == "stripe_secret" and told.startswith("pk_"):
        yield "is the publishable key; take the secret one, sk_live_… or rk_live_…"


def _in_the_clear(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    """Who sits between two machines reads codes, tokens and what stations are told, or writes them."""
    if not isinstance(value, str) or "://" not in value:
        return
    url = urlsplit(value)
    here = url.hostname is not None and _is_this_machine(url.hostname)
    if url.scheme == "http" and (not here or name == "public_url" or name.startswith(_GATEWAYS)):
        yield "must be https:// in production"
    if url.scheme == "mqtt" and not here:
        yield "must be mqtts:// in production, or a broker on this machine"
    if url.scheme == "smtp" and not here and not url.username:
        yield "must be smtps:// in production, or have a user, who signs in over STARTTLS only"


def _open_to_all(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    """Who can write in Redis can have jobs run. A certificate is a lock too, and so is this very machine."""
    if not isinstance(value, str) or urlsplit(value).scheme not in ("redis", "redis+sentinel"):
        return
    hosts = urlsplit(value).netloc.rpartition("@")[2].split(",")
    if not urlsplit(value).password and not all(_is_this_machine(_without_port(host)) for host in hosts):
        yield "must have a password in production, or be rediss:// or this machine"


def _without_port(host: str) -> str:
    return urlsplit(f"//{host}").hostname or ""


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
