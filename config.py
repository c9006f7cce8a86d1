"""Settings, read once from the environment.

`load()` returns them all or raises `ConfigurationError` that lists everything that is wrong, so that a
deployment is mended in one go. The table of settings in README.md is made from the fields below by
`flask docs settings`.
"""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

VERSION = "0.1.0"

Profile = Literal["development", "test", "production"]

# Whoever reads the source knows these, so production refuses them.
DEVELOPMENT_SECRET = "development-secret-that-production-refuses"  # noqa: S105


class ConfigurationError(Exception):
    """The environment does not describe a system that can run."""


def _scheme(*allowed: str) -> AfterValidator:
    def check(url: str) -> str:
        if urlsplit(url).scheme not in allowed:
            raise ValueError(f"must start with {' or '.join(f'{s}://' for s in allowed)}")
        return url

    return AfterValidator(check)


PostgresUrl = Annotated[str, _scheme("postgresql", "postgres")]
RedisUrl = Annotated[str, _scheme("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")]
MqttUrl = Annotated[str, _scheme("mqtt", "mqtts")]
SmtpUrl = Annotated[str, _scheme("smtp", "smtps")]
WebUrl = Annotated[str, _scheme("http", "https")]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(extra="ignore", frozen=True, validate_default=True)

    powerbank_env: Profile = Field(default="development", description="Profile: `development`, `test` or `production`.")
    secret_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET), description="Signs the console's session cookie."
    )
    jwt_secret_key: SecretStr = Field(default=SecretStr(DEVELOPMENT_SECRET), description="Signs access tokens (HS256).")

    otp_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_SECRET), description="Makes one-time codes. Changing it voids those under way."
    )

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
        description="Redis for queues: no eviction, append-only file. Or `redis+sentinel://h1:26379,h2:26379/name/0`.",
    )
    redis_cache_url: RedisUrl | None = Field(
        default=None, description="Redis for caches and rate limits. `REDIS_URL` if unset."
    )
    mqtt_url: MqttUrl | None = Field(default=None, description="The broker that stations speak to.")

    public_url: WebUrl = Field(default="http://127.0.0.1:8000", description="Where the world reaches this.")
    trusted_proxies: int = Field(
        default=0, ge=0, le=5, description="Reverse proxies in front whose `X-Forwarded-*` is believed."
    )
    rate_limit_per_minute: int = Field(
        default=600,
        ge=1,
        description="Requests a minute for each caller, where a route sets none of its own.",
    )
    max_request_bytes: int = Field(default=1_048_576, ge=1024, description="Largest request body.")

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Log level.")
    log_format: Literal["console", "json"] | None = Field(
        default=None, description="`json` in production, `console` elsewhere, unless set."
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
    mail_from: str = Field(default="Powerbank <noreply@localhost>", description="Sender of e-mails.")
    otp_countries: str = Field(default="NP", description="Countries whose numbers get codes, `NP,IN`.")
    otp_sms_per_day: int = Field(default=20_000, ge=1, description="Most codes by SMS a day, against pumping.")

    @field_validator("secret_key", "jwt_secret_key", "otp_key")
    @classmethod
    def _production_needs_real_secrets(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("powerbank_env") == "production":
            secret = value.get_secret_value()
            if secret == DEVELOPMENT_SECRET:
                raise ValueError("is the development secret; production needs one of its own")
            if len(secret) < 32:
                raise ValueError("must have at least 32 characters in production")
        return value

    @field_validator("public_url")
    @classmethod
    def _production_speaks_https(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("powerbank_env") == "production" and not value.startswith("https://"):
            raise ValueError("must be https:// in production")
        return value.rstrip("/")

    @property
    def production(self) -> bool:
        return self.powerbank_env == "production"

    @property
    def sqlalchemy_url(self) -> str:
        return _through_psycopg2(self.database_url)

    @property
    def sqlalchemy_owner_url(self) -> str:
        return _through_psycopg2(self.database_owner_url or self.database_url)

    @property
    def cache_url(self) -> str:
        return self.redis_cache_url or self.redis_url

    @property
    def log_style(self) -> str:
        return self.log_format or ("json" if self.production else "console")


def _through_psycopg2(url: str) -> str:
    """SQLAlchemy would choose another driver for a plain address."""
    return "postgresql+psycopg2" + url[url.index("://") :]


def load() -> Settings:
    try:
        return Settings()
    except ValidationError as refused:
        raise ConfigurationError(_explain(refused)) from None


def _explain(refused: ValidationError) -> str:
    """One line for each mistake. The offending value is left out: it may be a secret."""
    lines = []
    for problem in refused.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else "settings"
        message = "is required" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        lines.append(f"  {name}: {message}")
    count = len(lines)
    return f"Powerbank cannot start: {count} setting{'s' * (count != 1)} wrong\n" + "\n".join(lines)
