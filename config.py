"""The settings, read once from the environment.

`load()` returns them all, or raises `ConfigurationError` that lists everything that is wrong, so that an operator mends
a deployment in one go. The settings of the system itself are in `powerbank/base/settings/system.py`, those of vendors
below, and the rules beyond types in `powerbank/base/settings/rules.py`. The table of settings in README.md is made from
their fields by `flask --app wsgi docs write`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator

from powerbank.base.settings import rules
from powerbank.base.settings.rules import DEVELOPMENT_SECRET, Sender, SmtpUrl, WebUrl
from powerbank.base.settings.system import SystemSettings

VERSION = "0.9.0"


class ConfigurationError(Exception):
    """The environment does not describe a system that can run."""


class Settings(SystemSettings):
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
    osrm_url: WebUrl | None = Field(
        default=None,
        description="An OSRM server, for the crew's ways on real roads. Unset: estimated from the distance.",
    )
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

    sentry_dsn: SecretStr = Field(
        default=SecretStr(""),
        description="Where errors are told: the DSN of Sentry, or of what speaks as it does. Needs the package in "
        "`deploy/requirements-sentry.txt`. Unset: nowhere but in the log.",
    )
    traces_url: str = Field(
        default="",
        description="Where traces go: a collector that speaks OTLP over HTTP, `http://127.0.0.1:4318`. Needs the "
        "packages in `deploy/requirements-tracing.txt`. Off if unset.",
    )
    traces_ratio: float = Field(default=1.0, ge=0, le=1, description="The share of taps that are traced.")
    backup_dir: Path = Field(default=Path(".powerbank/backups"), description="Folder of the backups.")
    backup_recipients: Path = Field(
        default=Path("/etc/powerbank/backup.pub"),
        description="File with the public keys, as `age` makes them, that backups are encrypted for.",
    )
    backup_key: Path = Field(
        default=Path("/etc/powerbank/backup.key"),
        description="File with the private key of backups, which only a restore and its drill need.",
    )
    backup_keep: str = Field(
        default="7,5,12",
        pattern=r"^\d{1,3},\d{1,3},\d{1,3}$",
        description="Backups kept: of so many days, weeks, months.",
    )

    @field_validator("*")
    @classmethod
    def _check_rules(cls, value: Any, info: ValidationInfo) -> Any:
        if wrong := rules.find_faults(info.field_name or "", value, info.data):
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
        return rules.through_psycopg2(self.database_url)

    @property
    def sqlalchemy_owner_url(self) -> str:
        return rules.through_psycopg2(self.database_owner_url or self.database_url)

    @property
    def cache_url(self) -> str:
        return self.redis_cache_url or self.redis_url

    @property
    def document_secrets(self) -> list[str]:
        return rules.split_keys(self.document_keys)

    @property
    def payout_secrets(self) -> list[str]:
        return rules.split_keys(self.payout_keys)

    @property
    def staff_secrets(self) -> list[str]:
        return rules.split_keys(self.staff_key)

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
    """Read the settings from the environment of this process, or from one that another process will have. What it
    lacks may be a file of the folder CREDENTIALS_DIRECTORY, as systemd and others hand secrets over."""
    given = rules.read_credentials(Settings.model_fields, os.environ) | dict(environment or {})
    given_by_name = {name: given[name.upper()] for name in Settings.model_fields if name.upper() in given}
    try:
        return Settings(**given_by_name)  # type: ignore[arg-type]  # texts, which are parsed
    except ValidationError as refused:
        raise ConfigurationError(rules.explain_refusal(refused)) from None
