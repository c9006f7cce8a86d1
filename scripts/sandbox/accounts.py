"""What the vendors have on file of us. Not secrets: they open nothing but the sandbox."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Accounts:
    sparrow_token: str = "sandbox-sparrow-token"  # noqa: S105
    sparrow_senders: tuple[str, ...] = ("Powerbank", "InfoSMS")
    sparrow_credits: int = 100_000
    smtp_user: str = "sandbox"
    smtp_password: str = "sandbox-smtp-password"  # noqa: S105
    fcm_project: str = "powerbank-sandbox"
    cloudinary_cloud: str = "powerbank"
    cloudinary_key: str = "123456789012345"
    cloudinary_secret: str = "sandbox-cloudinary-secret"  # noqa: S105
