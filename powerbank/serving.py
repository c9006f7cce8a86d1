"""Initialises what answers requests. Workers, daemons and schedulers are never asked, and start without it."""

from collections.abc import Callable

from flask import Flask
from flask_compress import Compress
from werkzeug.middleware.proxy_fix import ProxyFix

from powerbank import startup, wiring
from powerbank.api import auth as api_auth
from powerbank.api import openapi, problems, rate_limits, uploads
from powerbank.api.requests import query_parameters, traces
from powerbank.api.server import response_headers
from powerbank.ops import health_routes
from powerbank.pages import layout


def trust_proxies(app: Flask) -> None:
    """Believe the addresses that proxies in front give. With a wrong number of proxies a caller could write its own."""
    hops = app.config["SETTINGS"].trusted_proxies
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def compress_answers(app: Flask) -> None:
    app.config["COMPRESS_MIMETYPES"] = [
        "application/json",
        "application/problem+json",
        "text/html",
        "text/css",
        "application/javascript",
        "text/javascript",
        "image/svg+xml",
        "text/csv",
    ]
    app.config["COMPRESS_ALGORITHM"] = ["gzip"]
    Compress(app)


ROUTES: tuple[Callable[[Flask], None], ...] = (
    traces.init_app,
    startup.init_migrations,
    trust_proxies,
    problems.init_app,
    health_routes.init_app,
    response_headers.init_app,
    compress_answers,
    api_auth.init_app,
    rate_limits.init_app,
    query_parameters.init_app,
    openapi.init_app,
    uploads.init_app,
    layout.init_app,
    wiring.register_routes,
)
