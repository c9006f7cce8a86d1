"""What the vendors have on file of us. Not secrets: they open nothing but the sandbox."""

import base64
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def make_private_key() -> str:
    """Make the key that signs batches for NPI, once for each process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return base64.b64encode(key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())).decode()


@dataclass(frozen=True)
class Accounts:
    sparrow_token: str = "sandbox-sparrow-token"  # noqa: S105
    sparrow_senders: tuple[str, ...] = ("Powerbank", "InfoSMS")
    sparrow_credits: int = 100_000
    smtp_user: str = "sandbox"
    smtp_password: str = "sandbox-smtp-password"  # noqa: S105
    fcm_project: str = "powerbank-sandbox"
    khalti_secret: str = "sandbox-khalti-secret"  # noqa: S105
    khalti_service_token: str = "TEST:sandbox-khalti-service"  # noqa: S105
    npi_user: str = "POWERBANK@999"
    npi_password: str = "sandbox-npi-password"  # noqa: S105
    npi_client: str = "powerbank"
    npi_client_secret: str = "sandbox-npi-client"  # noqa: S105
    npi_private_key: str = field(default_factory=make_private_key, repr=False)
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
