"""Rate limits, through Flask-Limiter on the cache Redis.

When that Redis is away, reads go on without limits; what costs money or guards an account does not:
`hit_or_refuse` answers 503 then.
"""

import hashlib
import time

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import parse
from limits.errors import StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from powerbank.errors import TooManyError, UnavailableError


def _caller() -> str:
    return f"address:{request.remote_addr}"


limiter = Limiter(
    key_func=_caller,
    strategy="fixed-window",
    swallow_errors=True,
    key_prefix="powerbank",
)


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.config["RATELIMIT_STORAGE_URI"] = settings.cache_url
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0}
    app.config["RATELIMIT_APPLICATION"] = f"{settings.rate_limit_per_minute} per minute"
    limiter.init_app(app)
    # Flask-Limiter holds one storage for all applications of a process, and swallows errors; guards must not.
    app.extensions["guards"] = FixedWindowRateLimiter(
        storage_from_string(settings.cache_url, **app.config["RATELIMIT_STORAGE_OPTIONS"])
    )


def hit_or_refuse(rule: str, *identifiers: str) -> None:
    """Counts one hit. Raises when the rule ("5 per hour") is used up, and when nobody can count."""
    item = parse(rule)
    guards: FixedWindowRateLimiter = current_app.extensions["guards"]
    bucket = _bucket(identifiers)
    try:
        if guards.hit(item, *bucket):
            return
        reset_at = guards.get_window_stats(item, *bucket).reset_time
    except (RedisError, StorageError) as error:
        current_app.logger.warning("rate limits away: %s", error)
        raise UnavailableError("unavailable", "This is not possible right now; try again shortly.") from error
    raise TooManyError(max(1, int(reset_at - time.time()) + 1))


def forgive(rule: str, *identifiers: str) -> None:
    """Takes the hits back: what was guarded against did not happen."""
    guards: FixedWindowRateLimiter = current_app.extensions["guards"]
    try:
        guards.clear(parse(rule), *_bucket(identifiers))
    except (RedisError, StorageError) as error:
        current_app.logger.warning("rate limits away: %s", error)


def _bucket(identifiers: tuple[str, ...]) -> tuple[str, str]:
    """A hash: the store of counters is no place for numbers and addresses of people."""
    return identifiers[0], hashlib.sha256("\0".join(identifiers).encode()).hexdigest()[:32]
