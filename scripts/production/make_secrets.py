"""Makes the secrets that a production lacks.

It shows them as lines for a file of settings, or with `--into FILE` adds to that file those which it lacks. What is
there stays as it is: to change a key, `scripts/manage rotate-keys` says what is done first.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

from powerbank.integrations.webpush import vapid
from scripts.production import settings_file

MAKERS: dict[str, Callable[[], str]] = {
    **dict.fromkeys(
        (
            "SECRET_KEY",
            "JWT_SECRET_KEY",
            "OTP_KEY",
            "STAFF_KEY",
            "DOCUMENT_KEYS",
            "PAYOUT_KEYS",
            "DOCUMENT_DIGEST_KEY",
            "MONITOR_TOKEN",
        ),
        lambda: secrets.token_urlsafe(48),
    ),
    "WEB_PUSH_KEY": vapid.make_private_key,
}


def make_missing(known: dict[str, str]) -> dict[str, str]:
    return {name: make() for name, make in MAKERS.items() if not known.get(name)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/make-secrets", description=__doc__)
    parser.add_argument("--into", type=Path, metavar="FILE", help="the file of settings that they are added to")
    asked = parser.parse_args()
    if asked.into is None:
        print("".join(f"{name}={value}\n" for name, value in make_missing({}).items()), end="")
        return 0
    text = asked.into.read_text() if asked.into.exists() else ""
    missing = make_missing(settings_file.parse(text))
    if not missing:
        print(f"{asked.into} has every secret; nothing changed")
        return 0
    lines = [text.rstrip("\n"), *(f"{name}={value}" for name, value in missing.items())]
    settings_file.replace(asked.into, "\n".join(line for line in lines if line) + "\n")
    print(f"added to {asked.into}: {', '.join(missing)}")
    print("Keep a copy of this file away from this machine and from its backups: without the keys documents are lost.")
    return 0


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
