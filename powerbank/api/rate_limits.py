"""Rate limits. The package `limits` counts them in the Redis for caches.

When that Redis is away, requests go on without limits (`hit_if_counted`). Only what guards an account or sends messages
is refused then: `hit_or_refuse` answers 503.
"""

import contextlib
import hashlib
import ipaddress
import time
from dataclasses import dataclass
from functools import lru_cache

import structlog
from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter
from redis.exceptions import RedisError

from powerbank.api.auth import token_bearer
from powerbank.base.errors import TooManyError, UnavailableError
from powerbank.base.logs import PROBES
from powerbank.base.redis_clients import describe_failure

log = structlog.get_logger(__name__)

# All payers of a gateway, or all stations of a network, call these from one address. They sign what they send.
MACHINES = ("/api/payment/webhook/", "/internal/")
TIMES_FOR_MACHINES = 20
PAUSE = 2.0  # seconds for which the general limit is not counted after Redis did not answer


@dataclass
class Limits:
    general: RateLimitItem
    machines: RateLimitItem
    counters: FixedWindowRateLimiter
    # What costs money is counted in every stretch of time: of two windows, one's end and the other's beginning would
    # let twice as much through.
    guards: MovingWindowRateLimiter
    away_until: float = 0.0


def _spent(counters: RateLimiter, item: RateLimitItem, bucket: tuple[str, str], cost: int = 1) -> int | None:
    """Count one hit. Give the seconds to wait when the rule is used up, else None."""
    if counters.hit(item, *bucket, cost=cost):
        return None
    reset_at = counters.get_window_stats(item, *bucket).reset_time
    return max(1, int(reset_at - time.time()) + 1)


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    # Our own client knows every address that settings take; `limits` reads those of Sentinels differently.
    counters = app.extensions["redis"].counters
    storage = RedisStorage("redis://", connection_pool=counters.connection_pool, key_prefix="powerbank")
    app.extensions["limits"] = limits = Limits(
        parse(f"{settings.requests_per_minute} per minute"),
        parse(f"{settings.requests_per_minute * TIMES_FOR_MACHINES} per minute"),
        FixedWindowRateLimiter(storage),
        MovingWindowRateLimiter(storage),
    )

    @app.before_request
    def general_limit() -> None:
        # Orchestrators and monitors ask often, and all from one address.
        if request.path in PROBES or time.monotonic() < limits.away_until:
            return
        try:
            if request.path.startswith(MACHINES):
                wait = _spent(limits.counters, limits.machines, _bucket(("machine", caller_address())))
            else:
                # Thousands of people share an address of a mobile network: who signed in is counted by themselves.
                wait = _spent(limits.counters, limits.general, _bucket(("request", token_bearer() or caller_address())))
        except (RedisError, StorageError) as error:
            limits.away_until = time.monotonic() + PAUSE
            log.warning("rate limits away", error=str(error))
            return
        if wait is not None:
            raise TooManyError(wait)


def check_state() -> str:
    """Try one real hit, as a sign-in does: a Redis that answers a PING may still count nothing."""
    limits: Limits = current_app.extensions["limits"]
    try:
        limits.guards.hit(parse("1000 per second"), "health")  # a hit beyond its limit would write nothing
    except (RedisError, StorageError) as error:
        log.warning("rate limits away", error=str(error))
        return describe_failure(error)
    return "ok"


def caller_address() -> str:
    """Give the address that asks. Of IPv6 it is a subscriber's whole network, which has two to the 64 addresses."""
    return network_of_address(request.remote_addr or "unknown")


@lru_cache(maxsize=1024)
def network_of_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return text
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(address), 64), strict=False))


def hit_or_refuse(rule: str, *identifiers: str) -> None:
    """Count one hit. Refuse when the rule ("5 per hour") is used up, and when nobody can count."""
    limits: Limits = current_app.extensions["limits"]
    try:
        wait = _spent(limits.guards, parse(rule), _bucket(identifiers))
    except (RedisError, StorageError) as error:
        log.warning("rate limits away", error=str(error))
        raise UnavailableError("unavailable", "This is not possible right now; try again shortly.") from error
    if wait is not None:
        raise TooManyError(wait)


def hit_if_counted(rule: str, *identifiers: str) -> None:
    """Count one hit of what may go on while nobody can count: it costs little, and the database bounds it too."""
    limits: Limits = current_app.extensions["limits"]
    if time.monotonic() < limits.away_until:
        return
    with contextlib.suppress(UnavailableError):
        hit_or_refuse(rule, *identifiers)


def hit_all_or_refuse(*rules: tuple[str, ...]) -> None:
    """Count one hit on each `(rule, *identifiers)`, or on none while one of them is used up: what one limit refuses
    does not use up the others."""
    guards: MovingWindowRateLimiter = current_app.extensions["limits"].guards
    try:
        spent = next((each for each in rules if not guards.test(parse(each[0]), *_bucket(each[1:]))), None)
    except (RedisError, StorageError) as error:
        log.warning("rate limits away", error=str(error))
        raise UnavailableError("unavailable", "This is not possible right now; try again shortly.") from error
    for rule, *identifiers in rules if spent is None else [spent]:
        hit_or_refuse(rule, *identifiers)


def spend_or_refuse(cost: int, *rules: tuple[str, ...]) -> None:
    """Count so many units on each `(rule, *identifiers)`, and refuse as `hit_or_refuse` does. Fixed windows count them:
    a moving window would hold an entry for each unit, and these are many."""
    limits: Limits = current_app.extensions["limits"]
    for rule, *identifiers in rules:
        try:
            wait = _spent(limits.counters, parse(rule), _bucket(tuple(identifiers)), cost)
        except (RedisError, StorageError) as error:
            log.warning("rate limits away", error=str(error))
            raise UnavailableError("unavailable", "This is not possible right now; try again shortly.") from error
        if wait is not None:
            raise TooManyError(wait)


def forget_hits(rule: str, *identifiers: str) -> None:
    """Take the hits back, because what the limit guards against did not happen."""
    limits: Limits = current_app.extensions["limits"]
    try:
        limits.guards.clear(parse(rule), *_bucket(identifiers))
    except (RedisError, StorageError) as error:
        log.warning("rate limits away", error=str(error))


def _bucket(identifiers: tuple[str, ...]) -> tuple[str, str]:
    """Hash the identifiers: the store of counters is no place for numbers and addresses of people."""
    return identifiers[0], hashlib.sha256("\0".join(identifiers).encode()).hexdigest()[:32]
