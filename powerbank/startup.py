"""Initialises what every application has: settings, logs, the database and Redis.

The rules are plugged in by `wiring`, and what answers requests is in `serving`.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from flask import Flask

from config import ConfigurationError
from powerbank.base import clock, logs
from powerbank.base.db import db
from powerbank.base.redis_clients import RedisClients

# A host that lost its power closes no connection. The server lets the locks of such a host go after a minute, not after
# two hours, and who waits for a server that is gone waits no longer than that either.
_KEEPALIVES = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
# A program that is frozen in the middle of a transaction holds its locks. The server ends its session after this time,
# and whoever waits for a lock gives up a little later. And our statements are many and short: where PostgreSQL comes
# with a compiler (Debian's does), it took 800 ms to compile what then found the stations around a point within 4 ms.
# The application's role has these settings too, because they hold behind PgBouncer as well: it passes no options on.
SESSION = {"idle_in_transaction_session_timeout": "10s", "lock_timeout": "15s", "jit": "off"}
_OUR_KEEPALIVES = {
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


def configure_flask(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    session = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    options = f"-c timezone=UTC -c statement_timeout={settings.database_statement_timeout_ms} {session} {_KEEPALIVES}"
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.database_pool_size,
            "max_overflow": 0,
            "pool_timeout": settings.database_pool_timeout,
            "hide_parameters": True,  # the values of a failed statement may be personal
            "pool_recycle": 1800,
            "pool_events": [(clock.database.ask, "checkout")],
            "pool_use_lifo": True,  # the connection that was used last has its plans and catalogue at hand
            "connect_args": {"connect_timeout": 5, **_OUR_KEEPALIVES}
            | ({"options": options} if settings.database_statement_timeout_ms else {}),
        },
        JWT_SECRET_KEY=settings.jwt_secret_key.get_secret_value(),
        JWT_ALGORITHM="HS256",
        SESSION_COOKIE_NAME="powerbank",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
    )


def configure_logs(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    logs.configure(settings.log_style, settings.log_level)
    logs.init_app(app)


def tell_errors(app: Flask) -> None:
    """Tell errors to Sentry. Nothing is imported where it is not wanted."""
    if app.config["SETTINGS"].sentry_dsn.get_secret_value():
        import_module("powerbank.integrations.sentry.client").init_app(app)


def trace(app: Flask) -> None:
    """Tell a collector how requests, jobs and commands went. Nothing is imported where it is not wanted."""
    if not app.config["SETTINGS"].traces_url:
        return
    try:
        otlp = import_module("powerbank.integrations.otlp.client")
    except ModuleNotFoundError as missing:
        if not str(missing.name).startswith("opentelemetry"):
            raise
        raise ConfigurationError(
            "TRACES_URL is set, and its packages are missing: "
            "pip install --require-hashes -r deploy/requirements-tracing.txt"
        ) from None
    otlp.init_app(app)


def import_other_models(app: Flask) -> None:
    """Import the models that no rule imports: foreign keys lead to their tables, and migrations compare all tables."""
    for models in (
        "powerbank.admin.people.models",
        "powerbank.analytics.outlook.models",
        "powerbank.analytics.models",
        "powerbank.analytics.reports.models",
        "powerbank.base.idempotency",
        "powerbank.crew.banks.models",
        "powerbank.crew.earnings.models",
        "powerbank.crew.members.models",
        "powerbank.crew.shifts.models",
        "powerbank.crew.tasks.models",
        "powerbank.notifications.broadcasts.models",
        "powerbank.ops.models",
        "powerbank.ops.now.models",
        "powerbank.outbox.heartbeats",
        "powerbank.outbox.job_counts",
        "powerbank.outbox.operation_items",
        "powerbank.outbox.schedules",
        "powerbank.payments.chargebacks.models",
        "powerbank.payments.models",
        "powerbank.payments.refunds.models",
        "powerbank.payments.review.models",
        "powerbank.payouts.models",
        "powerbank.payouts.statements.models",
        "powerbank.points.models",
        "powerbank.rentals.blocked_returns.models",
        "powerbank.rentals.reservations.models",
        "powerbank.rentals.start.models",
        "powerbank.stations.availability.models",
    ):
        import_module(models)


def init_migrations(app: Flask) -> None:
    """Initialise migrations, for `flask db` and for whoever asks whether the database is as the code wants it."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(Path(app.root_path).parent / "migrations"), compare_type=True)


def init_redis(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.extensions["redis"] = RedisClients(settings.redis_url, settings.cache_url)


# A program that reads and writes rows and messages, and knows no rules, needs only these.
BASE: tuple[Callable[[Flask], None], ...] = (
    configure_flask,
    configure_logs,
    tell_errors,
    trace,
    db.init_app,
    init_redis,
)
