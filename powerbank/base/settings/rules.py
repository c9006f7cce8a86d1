"""The types of addresses in settings, the rules that settings must keep, and what production refuses to start with.

`config.py` has the settings. It checks each of them beside the settings that stand before it, and tells all faults at
once. Every fault says what an operator has to do.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, ValidationError


def _scheme(*allowed: str) -> AfterValidator:
    def check(url: str) -> str:
        if urlsplit(url).scheme not in allowed:
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in allowed)}")
        return url

    return AfterValidator(check)


def _check_sender(sender: str) -> str:
    """Refuse a sender without a whole domain: the open data names it as its contact and takes whole addresses only."""
    address = parseaddr(sender)[1]
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{1,63}", address):
        raise ValueError("must be an address such as Powerbank <noreply@powerbank.example>")
    return sender


PostgresUrl = Annotated[str, _scheme("postgresql", "postgres")]
RedisUrl = Annotated[str, _scheme("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")]
MqttUrl = Annotated[str, _scheme("mqtt", "mqtts")]
SmtpUrl = Annotated[str, _scheme("smtp", "smtps")]
WebUrl = Annotated[str, _scheme("http", "https")]
Sender = Annotated[str, AfterValidator(_check_sender)]

# Whoever reads the source knows this secret, so production refuses it.
DEVELOPMENT_SECRET = "development-secret-that-production-refuses"  # noqa: S105
# Gateways and the sandbox give these to everybody.
_TEST_VALUES = frozenset({"8gBm/:&EnhH.1/q", "EPAYTEST", "sandbox-khalti-secret", "whsec_sandbox"})
# At these hosts gateways take payments that nobody pays.
_TEST_HOSTS = frozenset(
    {"dev.khalti.com", "a.khalti.com", "rc-epay.esewa.com.np", "rc.esewa.com.np", "uat.esewa.com.np"}
)
_TEST_WORDS = frozenset({"dev", "test", "testing", "sandbox", "rc", "uat", "staging", "localhost"})

# The setting on the left must be set as soon as the one on the right is.
_NEEDED_WITH = {
    "callback_secret": "callback_hosts",
    "khalti_secret": "khalti_url",
    "esewa_status_url": "esewa_form_url",
    "esewa_product_code": "esewa_form_url",
    "esewa_secret": "esewa_form_url",
    "stripe_webhook_secret": "stripe_secret",
    "npi_user": "npi_url",
    "npi_password": "npi_url",
    "npi_client": "npi_url",
    "npi_client_secret": "npi_url",
    "npi_private_key": "npi_url",
    "npi_debtor_agent": "npi_url",
    "npi_debtor_account": "npi_url",
    "npi_debtor_name": "npi_url",
    "khalti_service_token": "khalti_service_url",
}
_NEEDED_BY_CLOUDINARY = ("cloudinary_cloud_name", "cloudinary_api_key", "cloudinary_api_secret")

# These hold several keys, the newest first: `new,old`.
_KEYS = ("document_keys", "payout_keys", "staff_key")
# Vendors make these, so neither their length nor their letters are ours to choose. All other secrets are ours.
_FROM_VENDORS = frozenset(
    {
        "sms_token",
        "fcm_credentials",
        "cloudinary_api_key",
        "cloudinary_api_secret",
        "khalti_secret",
        "khalti_service_token",
        "npi_password",
        "npi_client_secret",
        "npi_private_key",
        "esewa_secret",
        "stripe_secret",
        "stripe_webhook_secret",
        "sentry_dsn",
    }
)
_GATEWAYS = ("khalti_", "esewa_", "stripe_")
_MAKE_ONE = "make one with `openssl rand -base64 48`"
_LEAST_LENGTH, _LEAST_DIFFERENT, _LEAST_OF_VENDORS = 32, 10, 8


def read_credentials(names: Iterable[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Read the settings that are files and no variables: `SECRET_KEY`, or `setting_SECRET_KEY` as systemd calls the
    files of a folder. An editor's last line break is no part of a secret."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return {}
    found = {}
    for name in map(str.upper, names):
        for path in (Path(folder, name), Path(folder, f"setting_{name}")):
            if name not in environment and path.is_file():
                found[name] = path.read_text().rstrip("\r\n")
    return found


def find_faults(name: str, value: Any, before: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with one setting, without its value: it may be a secret."""
    checks: tuple[Check, ...] = (_check_completeness, _check_form)
    if before.get("powerbank_env") == "production":
        checks += (_check_strength, _check_for_test_values, _check_encryption, _check_redis_password)
    checks += (_check_web_push_key,)
    return [fault for check in checks for fault in check(name, value, before)]


Check = Callable[[str, Any, Mapping[str, Any]], Iterator[str]]


def plain_text(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value or "")


def split_keys(value: SecretStr) -> list[str]:
    return [part.strip() for part in value.get_secret_value().split(",") if part.strip()]


def _check_completeness(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    other = _NEEDED_WITH.get(name)
    if other and plain_text(before.get(other)) and not plain_text(value):
        yield f"must be set, as {other.upper()} is"
    if name in _NEEDED_BY_CLOUDINARY and before.get("document_store") == "cloudinary" and not plain_text(value):
        yield "is required, where DOCUMENT_STORE is cloudinary"
    if name in _KEYS and not split_keys(value):
        yield "must name at least one key"


def _check_form(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if name in ("otp_countries", "otp_prefixes"):
        kind, example = (r"[A-Za-z]{2}", "NP,IN") if name == "otp_countries" else (r"\+\d{0,14}", "+97798,+97797")
        if not all(re.fullmatch(kind, part.strip()) for part in value.split(",")):
            yield f"must be a list such as {example}"
    if name in ("app_url", "app_link") and value and not re.match(r"[a-z][a-z0-9+.-]*://", value):
        yield "must be a link, such as https://app.example or powerbank://app"


def _check_web_push_key(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if name == "web_push_key" and not re.fullmatch(r"([A-Za-z0-9_-]{43}=?)?", plain_text(value)):
        yield "must be 32 bytes in URL-safe base64, as `flask --app wsgi web-push make-key` makes them"


def _check_strength(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
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


def _check_for_test_values(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    if name == "web_push_sandbox" and value:
        yield "is for development: whoever names an address below it has this service call it"
    if not name.startswith(_GATEWAYS):
        return
    text = plain_text(value)
    host = urlsplit(text).hostname if isinstance(value, str) else None
    if host is not None:
        if host in _TEST_HOSTS or _TEST_WORDS & set(re.split(r"[.-]", host)) or _is_this_machine(host):
            yield "is where the gateway tests, so nobody would pay; take its live address"
    elif text in _TEST_VALUES or "_test_" in text or text.startswith("test_"):
        yield "is for tests; production needs a live one, from the gateway's portal"
    elif name == "stripe_secret" and text.startswith("pk_"):
        yield "is the publishable key; take the secret one, sk_live_… or rk_live_…"


def _check_encryption(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    """Refuse connections in the clear: somebody between two machines could read or forge codes, tokens and commands."""
    if not isinstance(value, str) or "://" not in value:
        return
    url = urlsplit(value)
    here = url.hostname is not None and _is_this_machine(url.hostname)
    if url.scheme == "http" and (not here or name in ("public_url", "live_url") or name.startswith(_GATEWAYS)):
        yield "must be https:// in production"
    if url.scheme == "mqtt" and not here:
        yield "must be mqtts:// in production, or a broker on this machine"
    if url.scheme == "smtp" and not here and not url.username:
        yield "must be smtps:// in production, or have a user, who signs in over STARTTLS only"


def _check_redis_password(name: str, value: Any, before: Mapping[str, Any]) -> Iterator[str]:
    """Refuse a Redis without a password: whoever writes in Redis has jobs run. TLS or this very machine protect too."""
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


def explain_refusal(refused: ValidationError) -> str:
    """Write one line for each mistake, without the wrong value: it may be a secret."""
    lines = []
    for problem in refused.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        message = "is required" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {message}")
    count = len(lines)
    return f"Powerbank cannot start: {count} setting{'s' * (count != 1)} wrong\n" + "\n".join(lines)


def through_psycopg2(url: str) -> str:
    """Name the driver in the address, because SQLAlchemy would choose another one for a plain address."""
    return "postgresql+psycopg2" + url[url.index("://") :]
