"""Errors to Sentry, or what speaks as it does, where SENTRY_DSN is set. Its package is no requirement of ours:
`pip install --require-hashes -r deploy/requirements-sentry.txt`.

What leaves this machine is what the log would say: no request bodies, no cookies, no addresses of people, no values of
local variables, and every text without what looks like a number, a mail address or a token.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask

from config import VERSION, ConfigurationError
from powerbank.base import logs

# Of an event these may stay as they are: they are the code's, and not of people.
_OF_THE_CODE = frozenset(
    {"event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "modules", "contexts"}
)
_LEFT_OUT = ("request", "user", "breadcrumbs", "extra", "server_name", "modules", "_meta")


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
    except ImportError:
        raise ConfigurationError(
            "SENTRY_DSN is set, and its package is missing: "
            "pip install --require-hashes -r deploy/requirements-sentry.txt"
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=VERSION,
        environment=settings.powerbank_env,
        # Every error is logged once, and that is where it is heard of. Others would patch Flask, RQ and more, on whose
        # insides we lean.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None)],
        before_send=clean,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
    )


def clean(event: MutableMapping[str, Any], _hint: Mapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave out what is of people, and name the request and the job, by which the log has the rest."""
    for name in _LEFT_OUT:
        event.pop(name, None)
    known = structlog.contextvars.get_contextvars()
    event["tags"] = {name: str(known[name]) for name in ("request_id", "job", "outbox_id") if known.get(name)}
    for name, value in event.items():
        if name not in _OF_THE_CODE and name != "tags":
            event[name] = _redact(value)
    return event


def _redact(value: Any) -> Any:
    if isinstance(value, str):
        return logs.redact_text(value)
    if isinstance(value, Mapping):
        return {name: _redact(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(inner) for inner in value]
    return value
