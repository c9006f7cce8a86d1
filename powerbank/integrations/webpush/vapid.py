"""The key by which this network signs its pushes to browsers (VAPID, RFC 8292)."""

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec

from powerbank.base.clock import utcnow
from powerbank.integrations.errors import VendorRefusedError
from powerbank.integrations.webpush.encryption import public_point

# A push service takes no signature that lasts longer than a day.
LASTS = timedelta(hours=12)
KEY_BYTES = 32


@dataclass(frozen=True)
class Signer:
    key: ec.EllipticCurvePrivateKey
    contact: str  # where a push service reaches whoever runs this

    @property
    def public_key(self) -> str:
        """Return the public key as a browser wants it for its subscription."""
        return encode(public_point(self.key))

    def authorization_for(self, endpoint: str) -> str:
        """Sign for the push service of an endpoint, and no other one."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((utcnow() + LASTS).timestamp()),
            "sub": f"mailto:{self.contact}",
        }
        token = pyjwt.encode(claims, self.key, algorithm="ES256")
        return f"vapid t={token}, k={self.public_key}"


def make_signer(private_key: str, *, contact: str) -> Signer:
    """Make the signer from a private key, which is 32 bytes in URL-safe base64."""
    try:
        number = int.from_bytes(decode(private_key, length=KEY_BYTES), "big")
        return Signer(ec.derive_private_key(number, ec.SECP256R1()), contact)
    except ValueError:  # its text would hold the key
        raise VendorRefusedError("Web Push: the private key cannot be read") from None


def make_private_key() -> str:
    """Make a private key as `make_signer` reads it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encode(number.to_bytes(KEY_BYTES, "big"))


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str, *, length: int) -> bytes:
    """Decode URL-safe base64, with or without its padding. ValueError unless it is so many bytes."""
    try:
        content = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("this is no URL-safe base64") from None
    if len(content) != length:
        raise ValueError(f"this has {len(content)} bytes, and not {length}")
    return content
