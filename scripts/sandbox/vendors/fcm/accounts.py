"""Service accounts, and the access tokens that are given for their signed assertions."""

import json
import re
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SCOPES = {
    "https://www.googleapis.com/auth/firebase.messaging",
    "https://www.googleapis.com/auth/cloud-platform",
}
# What google-auth asserts, wherever `token_uri` points.
GOOGLE = "https://oauth2.googleapis.com/token"
VALID_SECONDS = 3599
PREFIX = "ya29.sandbox-"
EMAIL = re.compile(r"[^@]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com")


class BadAssertionError(Exception):
    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Bearer:
    project: str
    expires_at: float


class ServiceAccounts:
    def __init__(self, token_uri: str) -> None:
        self.token_uri = token_uri
        self._lock = threading.Lock()
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._bearers: dict[str, Bearer] = {}

    def create(self, project: str) -> dict[str, Any]:
        """What Google's console gives to download. Its key is checked from then on."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key_id = secrets.token_hex(20)
        with self._lock:
            self._keys[key_id] = key.public_key()
        return service_account(project, self.token_uri, key, key_id)

    def exchange(self, assertion: str) -> str:
        """An access token for a signed assertion.

        The key of an account that another run of the sandbox made is not known here: of those, all but the signature
        is checked, so that a restart does not lock its user out.
        """
        try:
            key = self._keys.get(jwt.get_unverified_header(assertion).get("kid", ""))
            claims: dict[str, Any] = jwt.decode(
                assertion,
                key if key else "",
                algorithms=["RS256"],
                audience=[self.token_uri, GOOGLE],
                options={"verify_signature": key is not None, "verify_exp": True, "verify_aud": True},
            )
        except jwt.InvalidSignatureError:
            raise BadAssertionError("invalid_grant", "Invalid JWT Signature.") from None
        except jwt.InvalidTokenError as wrong:
            raise BadAssertionError("invalid_grant", f"Invalid JWT: {wrong}") from None
        issuer = EMAIL.fullmatch(str(claims.get("iss", "")))
        if not issuer:
            raise BadAssertionError("invalid_grant", "Invalid grant: account not found")
        if not SCOPES & set(str(claims.get("scope", "")).split()):
            raise BadAssertionError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        token = PREFIX + secrets.token_urlsafe(48)
        now = time.time()
        with self._lock:
            self._bearers = {text: bearer for text, bearer in self._bearers.items() if bearer.expires_at > now}
            self._bearers[token] = Bearer(issuer["project"], now + VALID_SECONDS)
        return token

    def bearer(self, token: str) -> Bearer | None:
        with self._lock:
            found = self._bearers.get(token)
        return found if found and found.expires_at > time.time() else None


def service_account(project: str, token_uri: str, key: rsa.RSAPrivateKey, key_id: str) -> dict[str, Any]:
    email = f"sandbox@{project}.iam.gserviceaccount.com"
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "client_email": email,
        "client_id": "100000000000000000000",
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": token_uri,
        "universe_domain": "googleapis.com",
    }


def write_service_account(path: Path, url: str, project: str) -> None:
    """For a program that is set up before the sandbox runs: a service account file whose `token_uri` points there."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made = service_account(project, f"{url}/fcm/token", key, secrets.token_hex(20))
    path.touch(mode=0o600)
    path.write_text(json.dumps(made, indent=2))
