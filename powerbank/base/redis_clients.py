"""The clients of the two Redis servers, for queues and for caches. They connect when first used, never at import."""

import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

# One retry heals a connection that the server closed while it was idle. A command that is sent twice
# that way does no harm: every message may be delivered twice.
_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 1.0,
    "socket_timeout": 5.0,
    "health_check_interval": 30,
    "retry": Retry(NoBackoff(), 1),
    "retry_on_error": [RedisConnectionError],
}

# A caller that cannot wait does not wait for a time-out twice.
_ONCE = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))

REDIS_ERRORS = (RedisConnectionError, RedisTimeoutError)


def describe_failure(error: Exception) -> str:
    """Describe a failure for health. A Redis may answer and refuse all the same, as one whose disk is full does."""
    return "away" if isinstance(error, REDIS_ERRORS) else "refuses"


def connect(url: str, **options: Any) -> Redis:
    """Make a client for a plain, TLS, unix-socket or Sentinel address."""
    options = {**_OPTIONS, **options}
    if "+sentinel" in urlsplit(url).scheme:
        return _connect_through_sentinel(url, options)
    return Redis.from_url(url, **options)


def _connect_through_sentinel(url: str, options: dict[str, Any]) -> Redis:
    """`redis+sentinel://user:password@host1:26379,host2:26379/service/0?sentinel_password=…`

    With `rediss+sentinel://` the Sentinels are spoken to over TLS, too: they are told a password, and tell where to go.
    """
    parts = urlsplit(url)
    credentials, _, hosts = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    service, _, database = parts.path.strip("/").partition("/")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    tls: dict[str, Any] = {}
    if parts.scheme.startswith("rediss"):
        tls = {"ssl": True, "ssl_cert_reqs": ssl.CERT_REQUIRED}
        tls |= {key: value for key, value in query.items() if key.startswith("ssl_")}
    sentinel = Sentinel(
        [_host_and_port(address) for address in hosts.split(",")],
        # A Sentinel that hangs or is gone is passed over: the next one knows as much.
        sentinel_kwargs={
            "socket_connect_timeout": 1.0,
            "socket_timeout": 1.0,
            "retry": Retry(NoBackoff(), 0),
            **tls,
            "username": query.get("sentinel_username"),
            "password": query.get("sentinel_password"),
        },
        username=unquote(user) or None,
        password=unquote(password) or None,
        db=int(database or 0),
        **options,
        **tls,
    )
    master: Redis = sentinel.master_for(service or "mymaster")
    return master


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return (host, int(port)) if host else (address, 26379)


class RedisClients:
    """The clients of one application. Each is made on first use, so that forked processes get their own."""

    def __init__(self, queue_url: str, cache_url: str) -> None:
        self._queue_url, self._cache_url = queue_url, cache_url
        self._queue: Redis | None = None
        self._push: Redis | None = None
        self._cache: Redis | None = None
        self._counters: Redis | None = None

    @property
    def queue(self) -> Redis:
        if self._queue is None:
            self._queue = connect(self._queue_url)
        return self._queue

    @property
    def push(self) -> Redis:
        """Give the queues' Redis to callers that cannot wait: the sweep pushes what is not pushed within a second."""
        if self._push is None:
            self._push = connect(self._queue_url, socket_timeout=1.0, retry=_ONCE)
        return self._push

    @property
    def cache(self) -> Redis:
        if self._cache is None:
            self._cache = connect(self._cache_url)
        return self._cache

    @property
    def counters(self) -> Redis:
        """Give the caches' Redis for rate limits: every request waits for it."""
        if self._counters is None:
            self._counters = connect(self._cache_url, socket_connect_timeout=0.5, socket_timeout=1.0, retry=_ONCE)
        return self._counters


def queue_redis() -> Redis:
    clients: RedisClients = current_app.extensions["redis"]
    return clients.queue


def push_redis() -> Redis:
    clients: RedisClients = current_app.extensions["redis"]
    return clients.push


def cache_redis() -> Redis:
    clients: RedisClients = current_app.extensions["redis"]
    return clients.cache


def counter_redis() -> Redis:
    clients: RedisClients = current_app.extensions["redis"]
    return clients.counters
