"""Cloudinary's two signatures: of a request to its API, and of a delivery address."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

UNSIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
LENGTHS = {40: hashlib.sha1, 64: hashlib.sha256}


def to_sign(params: Mapping[str, str]) -> str:
    """Version 2: an `&` inside a pair cannot pass for the border between two."""
    pairs = sorted(f"{name}={value}" for name, value in params.items() if name not in UNSIGNED and value != "")
    return "&".join(pair.replace("&", "%26") for pair in pairs)


def request_is_signed(params: Mapping[str, str], signature: str, secret: str) -> bool:
    algorithm = LENGTHS.get(len(signature))
    if algorithm is None:
        return False
    wanted = algorithm((to_sign(params) + secret).encode()).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode())


def url_is_signed(path: str, signature: str, secret: str) -> bool:
    """`path` is transformation and source, without the version.

    Eight signs of SHA-1 or SHA-256, as the account is set; or 32 of SHA-256.
    """
    algorithms = {8: (hashlib.sha1, hashlib.sha256), 32: (hashlib.sha256,)}.get(len(signature), ())
    return any(
        hmac.compare_digest(
            base64.urlsafe_b64encode(algorithm((path + secret).encode()).digest())[: len(signature)],
            signature.encode(),
        )
        for algorithm in algorithms
    )
