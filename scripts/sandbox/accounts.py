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
    khalti_secret: str = "sandbox-khalti-secret"  # noqa: S105
    # These two are what eSewa gives to everybody who tests.
    esewa_product: str = "EPAYTEST"
    esewa_secret: str = "8gBm/:&EnhH.1/q"  # noqa: S105
    stripe_secret: str = "sk_test_sandbox"  # noqa: S105
    stripe_webhook_secret: str = "whsec_sandbox"  # noqa: S105
    stripe_webhook_url: str = ""
    # Besides this machine: where browsers are sent back to, and webhooks go.
    reachable_hosts: frozenset[str] = frozenset()
    cloudinary_cloud: str = "powerbank"
    cloudinary_key: str = "123456789012345"
    cloudinary_secret: str = "sandbox-cloudinary-secret"  # noqa: S105
