"""Rate limits, through Flask-Limiter on the cache Redis.

When that Redis is away, reads go on without limits; what costs money or guards an account does not:
`hit_or_refuse` answers 503 then.
"""

import time

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import parse
from limits.errors import StorageError
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
    app.config["RATELIMIT_DEFAULT"] = f"{settings.rate_limit_per_minute} per minute"
    limiter.init_app(app)


def hit_or_refuse(rule: str, *identifiers: str) -> None:
    """Counts one hit. Raises when the rule ("5 per hour") is used up, and when nobody can count."""
    item = parse(rule)
    try:
        if limiter.limiter.hit(item, "guard", *identifiers):
            return
        reset_at = limiter.limiter.get_window_stats(item, "guard", *identifiers).reset_time
    except (RedisError, StorageError) as error:
        current_app.logger.warning("rate limits away: %s", error)
        raise UnavailableError("unavailable", "This is not possible right now; try again shortly.") from error
    raise TooManyError(max(1, int(reset_at - time.time()) + 1))
