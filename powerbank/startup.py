"""What an application is made of, in the order in which it is put together."""

from collections.abc import Callable

from flask import Flask
from flask_compress import Compress
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

from powerbank import (
    admin,
    auth,
    content,
    kyc,
    ledger,
    logs,
    notifications,
    ops,
    payments,
    points,
    promotions,
    rentals,
    social,
    stations,
    users,
)
from powerbank.api import auth as api_auth
from powerbank.api import openapi, operations, problems, rate_limits, uploads, web
from powerbank.db import db
from powerbank.ops import metrics
from powerbank.redis_clients import RedisClients

# A host that lost its power says no goodbye: the server lets its locks go after a minute, not after two hours.
_KEEPALIVES = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"


def _settings(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    options = f"-c timezone=UTC -c statement_timeout={settings.database_statement_timeout_ms} {_KEEPALIVES}"
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=settings.max_request_bytes,
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.database_pool_size,
            "max_overflow": 0,
            "pool_timeout": settings.database_pool_timeout,
            "hide_parameters": True,  # values of a failed statement may be personal
            "pool_recycle": 1800,
            "pool_use_lifo": True,  # the one that was used last has its plans and catalogue at hand
            "connect_args": {"connect_timeout": 5}
            | ({"options": options} if settings.database_statement_timeout_ms else {}),
        },
        JWT_SECRET_KEY=settings.jwt_secret_key.get_secret_value(),
        JWT_ALGORITHM="HS256",
        SESSION_COOKIE_NAME="powerbank",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.public_url.startswith("https://"),
    )


def _logs(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    logs.configure(settings.log_style, settings.log_level)
    logs.init_app(app)


def _proxies(app: Flask) -> None:
    """Without this, or with a wrong number, a caller could write its own address."""
    hops = app.config["SETTINGS"].trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def _database(app: Flask) -> None:
    # Tables that no route of this process may have imported: migrations compare all of them.
    import powerbank.idempotency  # noqa: F401

    db.init_app(app)
    Migrate(app, db, directory="migrations", compare_type=True)


def _redis(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.extensions["redis"] = RedisClients(settings.redis_url, settings.cache_url)


def _gzip(app: Flask) -> None:
    app.config["COMPRESS_MIMETYPES"] = [
        "application/json", "application/problem+json", "text/html", "text/css", "application/javascript",
        "text/javascript", "image/svg+xml", "text/csv",
    ]  # fmt: skip
    app.config["COMPRESS_ALGORITHM"] = ["gzip"]
    Compress(app)


INITIALISERS: tuple[Callable[[Flask], None], ...] = (
    _settings,
    _logs,
    _proxies,
    _database,
    _redis,
    problems.init_app,
    metrics.init_app,
    web.init_app,
    _gzip,
    api_auth.init_app,
    rate_limits.init_app,
    uploads.init_app,
    openapi.init_app,
    operations.init_app,
    content.init_app,
    users.init_app,
    notifications.init_app,
    auth.init_app,
    kyc.init_app,
    ledger.init_app,
    payments.init_app,
    points.init_app,
    promotions.init_app,
    stations.init_app,
    rentals.init_app,
    social.init_app,
    admin.init_app,
    ops.init_app,
)
