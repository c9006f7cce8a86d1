"""The settings of this system itself: its secrets, where its servers are, and its limits.

Those of the vendors that it calls are in `config.py`, which adds them to these and says how all are read.
"""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from powerbank.base.settings.rules import DEVELOPMENT_SECRET, MqttUrl, PostgresUrl, RedisUrl, WebUrl

Profile = Literal["development", "test", "production"]


class SystemSettings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True, validate_default=True)

    powerbank_env: Profile = Field(default="development", description="Profile: `development`, `test` or `production`.")
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Signs the console's session cookie, and keys the digests by which a device or a person who comes "
        "back is known: changing it forgets them.",
    )
    jwt_secret_key: SecretStr = Field(default=SecretStr(DEVELOPMENT_SECRET), description="Signs access tokens (HS256).")

    otp_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET), description="Makes one-time codes. Changing it voids those under way."
    )
    staff_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Encrypt the TOTP secrets of staff: `new,old`. The first one encrypts, each may decrypt.",
    )
    staff_totp_required: bool = Field(default=False, description="Staff without TOTP may do nothing but enrol.")

    database_url: PostgresUrl = Field(description="PostgreSQL, as the role that may change rows only.")
    database_owner_url: PostgresUrl | None = Field(
        default=None,
        description="PostgreSQL, as the role that owns the tables; used by migrations. `DATABASE_URL` if unset.",
    )
    database_pool_size: int = Field(default=10, ge=1, le=200, description="Connections each process keeps.")
    database_pool_timeout: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="Seconds a request waits for a free connection before it is a 503.",
    )
    database_statement_timeout_ms: int = Field(
        default=30_000,
        ge=0,
        description="Longest a web request's statement may take. 0 leaves it to the server, as PgBouncer needs.",
    )

    redis_url: RedisUrl = Field(
        default="redis://127.0.0.1:6379/0",
        description="Redis for queues: no eviction, append-only file. Or `redis+sentinel://h1:26379,h2:26379/name/0`; "
        "with `rediss+sentinel://` master and Sentinels speak TLS.",
    )
    redis_cache_url: RedisUrl | None = Field(
        default=None, description="Redis for caches and rate limits. `REDIS_URL` if unset."
    )
    mqtt_url: MqttUrl | None = Field(default=None, description="The broker that stations speak to.")
    mqtt_shared_group: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="Daemons share the work in this group, at brokers that give an absent member's messages to the "
        "others (EMQX, HiveMQ, VerneMQ; not Mosquitto). Unset: one listens, the others stand by.",
    )
    mqtt_metrics_port: int | None = Field(
        default=None, ge=1, le=65535, description="Where a daemon serves `/metrics` and `/health`. Unset: nowhere."
    )

    public_url: WebUrl = Field(default="http://127.0.0.1:8000", description="Where the world reaches this.")
    app_url: str | None = Field(
        default=None,
        description="The app's link, `https://app.example` or `powerbank://app`: payers go back to it. Unset: to the "
        "app of this server at `/app/`.",
    )
    app_link: str = Field(
        default="powerbank://stations", description="What opens the app at a station; the station's number follows."
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="Reverse proxies in front whose `X-Forwarded-*` is believed."
    )
    rate_limit_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="Requests a minute of each person, and of each address without a sign-in; calls of payment "
        "gateways and of stations' gateways twenty times as many. Unset: 600, and in development 60,000.",
    )
    map_style_url: WebUrl | None = Field(
        default=None,
        description="The ground of maps: a MapLibre style or a PMTiles archive, all of it from this one host. Unset: a "
        "plain ground.",
    )
    live_url: WebUrl | None = Field(
        default=None, description="Where the world reaches the live processes, if not at `PUBLIC_URL`."
    )
    live_host: str = Field(default="127.0.0.1", description="Address on which a live process listens.")
    live_port: int = Field(
        default=8028, ge=1, le=65535, description="Port of a live process. Several processes of a machine share it."
    )
    live_metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Where a live process serves `/metrics` and `/health`. Unset: nowhere.",
    )
    live_streams: int = Field(default=10_000, ge=1, description="Most streams that a live process holds.")
    long_polls: int = Field(
        default=16,
        ge=0,
        description="Requests of a web process that may wait for a change at once: fewer than `WEB_THREADS`.",
    )
    longest_start_seconds: float = Field(
        default=3.0,
        ge=0,
        le=30,
        description="Seconds that a start of a rental may take until its command goes to the station. A start that "
        "would take longer is refused with 503. 0 refuses none.",
    )
    max_request_bytes: int = Field(default=1_048_576, ge=1024, description="Largest request body.")
    connections_per_address: int | None = Field(
        default=None,
        ge=1,
        description="Connections that one address may have to a web process; beyond them the one that waits longest "
        "is closed. Not counted where `TRUSTED_PROXIES` are in front. Unset: 100, and in development 10,000.",
    )

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Log level.")
    log_format: Literal["console", "json"] | None = Field(
        default=None, description="`json` in production, `console` elsewhere, unless set."
    )
    monitor_token: SecretStr = Field(
        default=SecretStr(""),
        description="What a monitor elsewhere shows to read `/metrics` and `/health/queues`, as a bearer token. Unset: "
        "they are for this machine only.",
    )
    worker_max_memory_mb: int = Field(
        default=512,
        ge=128,
        description="A worker that grew beyond this ends after its job; a fresh one takes over.",
    )
