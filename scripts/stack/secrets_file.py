"""Secrets of one development data folder: made once, kept in `secrets.env`, readable by their owner only."""

import secrets
from collections.abc import Callable
from pathlib import Path

from powerbank.integrations.webpush import vapid
from scripts.stack.files import write_private

# Bytes of each secret.
NAMES = {
    "SECRET_KEY": 32,
    "JWT_SECRET_KEY": 32,
    "OTP_KEY": 32,
    "STAFF_KEY": 32,
    "DOCUMENT_KEYS": 32,
    "PAYOUT_KEYS": 32,
    "DOCUMENT_DIGEST_KEY": 32,
    "BROKER_PASSWORD": 16,
    "ADMIN_PASSWORD": 9,
}
# Those that are more than random bytes.
MAKERS: dict[str, Callable[[], str]] = {"WEB_PUSH_KEY": vapid.make_private_key}


def path_in(data_dir: Path) -> Path:
    return data_dir / "secrets.env"


def shown_in(data_dir: Path) -> Path:
    """There once a start has got so far as to print the administrator's password."""
    return data_dir / "password-shown"


def read_or_make(data_dir: Path) -> dict[str, str]:
    """What the file says, with what it lacks made and added."""
    path = path_in(data_dir)
    lines = path.read_text().splitlines() if path.exists() else []
    known = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    missing = {name: secrets.token_hex(size) for name, size in NAMES.items() if not known.get(name)}
    missing |= {name: make() for name, make in MAKERS.items() if not known.get(name)}
    if missing:
        known |= missing
        lines = ["# Development secrets of this data folder.", *(f"{name}={known[name]}" for name in known)]
        write_private(path, "\n".join(lines) + "\n")
    return known
