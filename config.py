"""The settings, read once from the environment.

`load()` returns them all, or raises `ConfigurationError` that lists everything that is wrong, so that an operator mends
a deployment in one go. The types of addresses and the rules beyond types are in `powerbank/base/settings_rules.py`. The
table of settings in README.md is made from the fields below by `flask --app wsgi docs write`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from powerbank.base import settings_rules
from powerbank.base.settings_rules import (
    DEVELOPMENT_SECRET,
    MqttUrl,
    PostgresUrl,
    RedisUrl,
    Sender,
    SmtpUrl,
    WebUrl,
)

VERSION = "0.9.0"

Profile = Literal["development", "test", "production"]


class ConfigurationError(Exception):
    """The environment does not describe a system that can run."""


class Settings(BaseSettings):
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

    sms_url: WebUrl | None = Field(default=None, description="Sparrow SMS, `https://api.sparrowsms.com/v2`.")
    sms_token: SecretStr = Field(default=SecretStr(""), description="Sparrow's token.")
    sms_sender: str = Field(default="Powerbank", description="The sender that Sparrow gave this network.")
    smtp_url: SmtpUrl | None = Field(default=None, description="Mail server, `smtps://user:password@host:465`.")
    mail_from: Sender = Field(
        default="Powerbank <noreply@powerbank.example>",
        description="Sender of e-mails, and the address at which users of the open data find somebody.",
    )
    fcm_credentials: SecretStr | None = Field(
        default=None, description="Service account for push, as JSON or as the path of its file. Unset: no push."
    )
    fcm_url: WebUrl | None = Field(default=None, description="FCM's address, if not Google's own.")
    web_push_key: SecretStr = Field(
        default=SecretStr(""),
        description="Private key for pushes to browsers (VAPID): 32 bytes in URL-safe base64, as "
        "`flask --app wsgi web-push make-key` makes them. Changing it ends all subscriptions. Unset: no such pushes.",
    )
    web_push_hosts: str = Field(
        default="fcm.googleapis.com,updates.push.services.mozilla.com,web.push.apple.com,*.notify.windows.com",
        description="Push services that browsers may name.",
    )
    web_push_sandbox: WebUrl | None = Field(
        default=None, description="A push service that is only played, for development."
    )
    otp_countries: str = Field(default="NP", description="Countries whose numbers get codes, `NP,IN`.")
    otp_prefixes: str = Field(
        default="+",
        description="Beginnings of the numbers that get codes, `+97798,+97797`. All in those countries, unless set.",
    )
    otp_sms_per_day: int = Field(default=20_000, ge=1, description="Most codes by SMS a day, against pumping.")

    document_keys: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Encrypt people's documents: `new,old,older`. The first one encrypts, each may decrypt.",
    )
    payout_keys: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Encrypt the numbers of payout accounts: `new,old`. The first one encrypts, each may decrypt.",
    )
    document_digest_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET),
        description="Tells that two people gave one citizenship number. It cannot be changed.",
    )
    document_store: Literal["local", "cloudinary"] = Field(
        default="local", description="Where new documents go: `local` or `cloudinary`."
    )
    documents_dir: Path = Field(
        default=Path(".powerbank/documents"), description="Folder of the `local` store, shared by all processes."
    )
    cloudinary_cloud_name: str | None = Field(default=None, description="Cloudinary's name for this account.")
    cloudinary_api_key: SecretStr = Field(default=SecretStr(""), description="Cloudinary's key.")
    cloudinary_api_secret: SecretStr = Field(default=SecretStr(""), description="Cloudinary's secret.")
    cloudinary_api_url: WebUrl = Field(
        default="https://api.cloudinary.com", description="Where Cloudinary's API is (its `upload_prefix`)."
    )

    khalti_url: WebUrl | None = Field(default=None, description="Khalti, `https://khalti.com/api/v2`. Off if unset.")
    khalti_secret: SecretStr = Field(default=SecretStr(""), description="Khalti's live secret key.")
    esewa_form_url: WebUrl | None = Field(
        default=None, description="eSewa, `https://epay.esewa.com.np/api/epay/main/v2/form`. Off if unset."
    )
    esewa_status_url: WebUrl | None = Field(
        default=None, description="eSewa's status check, as its contract names it: `…/api/epay/transaction/status/`."
    )
    esewa_product_code: str = Field(default="", description="The merchant's code at eSewa.")
    esewa_secret: SecretStr = Field(default=SecretStr(""), description="Signs forms for eSewa and what comes back.")
    stripe_url: WebUrl | None = Field(default=None, description="Stripe, if it is not `https://api.stripe.com`.")
    stripe_secret: SecretStr = Field(default=SecretStr(""), description="Stripe's secret key. Off if unset.")
    stripe_webhook_secret: SecretStr = Field(default=SecretStr(""), description="Stripe's `whsec_…` of our endpoint.")
    nrb_url: WebUrl = Field(
        default="https://www.nrb.org.np/api/forex/v1", description="The central bank's exchange rates."
    )
    npi_url: str | None = Field(default=None, description="connectIPS' payment interface (NPI). Off if unset.")
    npi_user: str = Field(default="", description="The user that NPI knows, who is a part of what is signed.")
    npi_password: SecretStr = Field(default=SecretStr(""), description="That user's password.")
    npi_client: str = Field(default="", description="The client's name at NPI.")
    npi_client_secret: SecretStr = Field(default=SecretStr(""), description="The client's secret at NPI.")
    npi_private_key: SecretStr = Field(
        default=SecretStr(""), description="Signs batches for NPI: an RSA key as PEM, or its DER in base64."
    )
    npi_debtor_agent: str = Field(default="", description="Bank of the account that payouts are paid from.")
    npi_debtor_branch: str = Field(default="", description="Its branch.")
    npi_debtor_account: str = Field(default="", description="Its number.")
    npi_debtor_name: str = Field(default="", description="Its name.")
    khalti_service_url: str | None = Field(
        default=None, description="Khalti's service API, `https://services.khalti.com`, for payouts. Off if unset."
    )
    khalti_service_token: SecretStr = Field(default=SecretStr(""), description="The token of Khalti's service API.")
    callback_hosts: str = Field(
        default="", description="Hosts that clients may have us call, `a.example,b.example`; `*` for any public one."
    )
    callback_secret: SecretStr = Field(default=SecretStr(""), description="Signs the calls to clients' own addresses.")
    firmware_hosts: str = Field(
        default="",
        description="Hosts that stations may load firmware from, `a.example,b.example`; `*` for any public one.",
    )
    gateway_secret: SecretStr = Field(
        default=SecretStr(""), description="Signs the calls of gateways that speak HTTP for stations. Off if unset."
    )

    @field_validator("*")
    @classmethod
    def _check_rules(cls, value: Any, info: ValidationInfo) -> Any:
        if wrong := settings_rules.find_faults(info.field_name or "", value, info.data):
            raise ValueError("; ".join(wrong))
        return value

    @field_validator("public_url", "live_url")
    @classmethod
    def _remove_slash_at_end(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value is not None else None

    @property
    def production(self) -> bool:
        return self.powerbank_env == "production"

    @property
    def ease(self) -> int:
        """The factor by which limits of an address are wider: in development all people of a test have one address."""
        return 1 if self.production else 100

    @property
    def requests_per_minute(self) -> int:
        return self.rate_limit_per_minute or 600 * self.ease

    @property
    def address_connections(self) -> int:
        return self.connections_per_address or 100 * self.ease

    @property
    def live_address(self) -> str:
        return self.live_url or self.public_url

    @property
    def sqlalchemy_url(self) -> str:
        return settings_rules.through_psycopg2(self.database_url)

    @property
    def sqlalchemy_owner_url(self) -> str:
        return settings_rules.through_psycopg2(self.database_owner_url or self.database_url)

    @property
    def cache_url(self) -> str:
        return self.redis_cache_url or self.redis_url

    @property
    def document_secrets(self) -> list[str]:
        return settings_rules.split_keys(self.document_keys)

    @property
    def payout_secrets(self) -> list[str]:
        return settings_rules.split_keys(self.payout_keys)

    @property
    def staff_secrets(self) -> list[str]:
        return settings_rules.split_keys(self.staff_key)

    @property
    def otp_served_countries(self) -> tuple[str, ...]:
        return tuple(country.strip().upper() for country in self.otp_countries.split(","))

    @property
    def otp_served_prefixes(self) -> tuple[str, ...]:
        return tuple(prefix.strip() for prefix in self.otp_prefixes.split(","))

    @property
    def log_style(self) -> str:
        return self.log_format or ("json" if self.production else "console")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment of this process, or from one that another process will have."""
    given = environment or {}
    given_by_name = {name: given[name.upper()] for name in Settings.model_fields if name.upper() in given}
    try:
        return Settings(**given_by_name)  # type: ignore[arg-type]  # texts, which are parsed
    except ValidationError as refused:
        raise ConfigurationError(settings_rules.explain_refusal(refused)) from None
