"""The checklist before the first customer: what works, what does not, and what nobody has tried.

It begins with what `scripts/check_stack.py` tests, goes on with what only the world outside shows, and ends with the
firsts: an administrator, a station, a payment.
"""

import argparse
import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import text

import config
from powerbank import create_app, startup
from powerbank.api import rate_limits
from powerbank.base.db import db, utcnow
from powerbank.base.errors import PermanentError
from powerbank.integrations.errors import VendorError
from powerbank.integrations.sparrow import client as sms
from powerbank.ops.machinery import maintenance
from powerbank.ops.models import MaintenanceKind
from powerbank.payments.gateways import make_gateways
from scripts import check_stack
from scripts.check_stack import BadPartError, Check
from scripts.production.errors import ManageError

PROVEN_WITHIN = timedelta(hours=36)
HEARD_WITHIN = timedelta(days=30)
CERTIFICATE_DAYS = 14
NOBODY = "Zr4hYbQpVtXnKc8wLm2s6D"  # a payment that no gateway has


class NotTriedError(Exception):
    """Nothing is wrong, and nothing shows that it works: what to do so that it is known."""


def production(settings: config.Settings) -> str:
    if not settings.production:
        raise BadPartError(f"POWERBANK_ENV is {settings.powerbank_env}; weak secrets are refused in production only")
    return "production, and no setting is weak"


def clock(settings: config.Settings) -> str:
    with contextlib.suppress(FileNotFoundError):
        asked = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.stdout.strip() == "yes":
            return "set by NTP"
        if done.stdout.strip() == "no":
            raise BadPartError("is not set by NTP: apt install systemd-timesyncd, or chrony")
    raise NotTriedError("this machine does not tell whether NTP sets its clock")


def tls(settings: config.Settings) -> str:
    parts = urlsplit(settings.public_url)
    host, port = parts.hostname or "", parts.port or 443
    if parts.scheme != "https":
        raise BadPartError(f"PUBLIC_URL is {settings.public_url}; the world needs https")
    try:
        with (
            socket.create_connection((host, port), timeout=10) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as refused:
        raise BadPartError(f"browsers refuse the certificate of {host}: {refused.verify_message}") from None
    except OSError as away:
        raise BadPartError(f"{host}:{port} does not answer: {away}") from None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), tz=UTC)
    days = (ends - datetime.now(UTC)).days
    if days < CERTIFICATE_DAYS:
        raise BadPartError(f"the certificate of {host} ends in {days} days; who renews it?")
    return f"the certificate of {host} is good for {days} days"


def gateways(settings: config.Settings) -> str:
    """Ask each gateway about a payment that it does not have: whoever refuses knows us, and answers."""
    found = make_gateways(settings)
    if not found:
        raise BadPartError("no payment gateway is set: KHALTI_URL, ESEWA_FORM_URL or STRIPE_SECRET")
    silent = []
    for name, gateway in found.items():
        try:
            gateway.look_up_payment(NOBODY, amount=100_00, currency="NPR")
        except PermanentError as refused:
            if any(word in str(refused).lower() for word in ("401", "403", "unauthor", "api key", "token")):
                silent.append(f"{name} does not know our key ({refused})")
        except VendorError as away:
            silent.append(f"{name} does not answer ({away})")
    if silent:
        raise BadPartError("; ".join(silent))
    return f"{', '.join(found)} answer"


def webhooks(settings: config.Settings) -> str:
    return _last_heard(
        "SELECT max(received_at) FROM gateway_events WHERE state <> 'forged'",
        "a webhook",
        f"no gateway has called yet; enter {settings.public_url}/api/payment/webhook/… in its portal, and top up",
    )


def messages(settings: config.Settings) -> str:
    if settings.sms_url is None:
        raise BadPartError("SMS_URL is not set; nobody can sign in")
    return _last_heard(
        "SELECT max(finished_at) FROM deliveries WHERE channel = 'sms' AND status IN ('sent', 'delivered')",
        "an SMS",
        "none has gone out yet; `scripts/manage ready --sms +977…` sends one to you",
    )


def broker(settings: config.Settings) -> str:
    """A broker that lets in whoever comes lets him speak for every station."""
    if settings.mqtt_url is None:
        raise BadPartError("MQTT_URL is not set")
    parts = urlsplit(settings.mqtt_url)
    for name, password in ((None, None), (parts.username, "not the password")):
        if _lets_in(parts.hostname or "127.0.0.1", parts.port or 1883, parts.scheme, name, password):
            raise BadPartError(f"it lets in {'anybody' if name is None else 'a wrong password'}; allow_anonymous false")
    return "refuses strangers and wrong passwords"


def _lets_in(host: str, port: int, scheme: str, name: str | None, password: str | None) -> bool:
    answers: list[bool] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(name, password)
    if scheme == "mqtts":
        client.tls_set()
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(not reason.is_failure)
    with contextlib.suppress(OSError):
        client.connect(host, port)
        for _ in range(50):
            if answers:
                break
            client.loop(0.1)
        client.disconnect()
    return any(answers)


def restores(settings: config.Settings) -> str:
    runs = {each.kind: each for each in maintenance.read_last_runs()}
    drill = runs.get(MaintenanceKind.RESTORE_DRILL)
    if drill is None or drill.succeeded_at is None:
        raise BadPartError("no backup was ever proven by a restore: scripts/manage backup, then verify")
    age = utcnow() - drill.succeeded_at
    if age > PROVEN_WITHIN:
        raise BadPartError(f"the last proven restore is {age.total_seconds() / 3600:.0f} hours old")
    return f"proven {age.total_seconds() / 3600:.1f} hours ago"


def administrator(settings: config.Settings) -> str:
    with_totp = db.session.scalar(
        text("SELECT count(*) FROM staff WHERE active AND role = 'superadmin' AND totp_secret IS NOT NULL")
    )
    if not db.session.scalar(text("SELECT count(*) FROM staff WHERE active AND role = 'superadmin'")):
        raise BadPartError("there is none: flask --app wsgi staff ensure --email you@example.com")
    if not with_totp:
        raise BadPartError("none has a second factor: sign in at /console/ and set it up")
    return f"{with_totp} with a second factor"


def first_station(settings: config.Settings) -> str:
    return _last_heard(
        "SELECT max(last_seen) FROM station_live", "a station", "none has spoken; docs/stations.md registers one"
    )


def first_payment(settings: config.Settings) -> str:
    return _last_heard(
        "SELECT max(e.created_at) FROM ledger_entries e WHERE kind = 'topup'",
        "a top-up",
        "none was credited; top up a little yourself, with each gateway",
    )


def _last_heard(statement: str, what: str, never: str) -> str:
    last = db.session.scalar(text(statement))
    if last is None:
        raise NotTriedError(never)
    age = utcnow() - last
    if age > HEARD_WITHIN:
        raise NotTriedError(f"{what} came last {age.days} days ago")
    return f"{what} {age.total_seconds() / 3600:.1f} hours ago"


CHECKS: tuple[Check, ...] = (
    Check("settings", production),
    *check_stack.CHECKS,
    Check("clock", clock),
    Check("TLS", tls),
    Check("gateways", gateways),
    Check("webhooks", webhooks),
    Check("SMS", messages),
    Check("broker's door", broker),
    Check("restores", restores),
    Check("administrator", administrator),
    Check("first station", first_station),
    Check("first payment", first_payment),
)


def ready(settings: config.Settings, asked: argparse.Namespace) -> None:
    app = create_app(settings, routes=False)
    startup.init_migrations(app)
    rate_limits.init_app(app)
    with app.app_context():
        if asked.sms:
            _send_sms(settings, asked.sms)
        bad, untried = run_checks(CHECKS, settings, print)
    print(f"{bad} of {len(CHECKS)} are wrong, {untried} were never tried")
    if bad or untried:
        raise ManageError("Not ready yet.")


def run_checks(checks: tuple[Check, ...], settings: config.Settings, tell: Callable[[str], object]) -> tuple[int, int]:
    bad = untried = 0
    for check in checks:
        try:
            mark, words = "ok ", check.run(settings)
        except NotTriedError as unknown:
            untried += 1
            mark, words = "?  ", str(unknown)
        except Exception as error:  # whatever a broken part raises is what we are here to tell
            bad += 1
            mark, words = "BAD", str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        db.session.rollback()
        tell(f"{mark}  {check.name:<15} {words}")
    return bad, untried


def _send_sms(settings: config.Settings, to: str) -> None:
    if settings.sms_url is None:
        raise ManageError("SMS_URL is not set.")
    sms.send(
        url=settings.sms_url,
        token=settings.sms_token.get_secret_value(),
        sender=settings.sms_sender,
        to=to,
        text="Powerbank: this server can send messages.",
    )
    print(f"an SMS went to {to}; did it come?")
