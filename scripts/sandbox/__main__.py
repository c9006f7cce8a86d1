"""Starts the sandbox on SANDBOX_PORT, and its SMTP on the port after it.

Stripe's webhooks go to PUBLIC_URL unless SANDBOX_STRIPE_WEBHOOK_URL says otherwise. Browsers and webhooks reach this
machine, PUBLIC_URL's host and those of SANDBOX_REACHABLE_HOSTS (`a.example,b.example`), nobody else.
"""

import os
import signal
import sys
import threading
from urllib.parse import urlsplit

from scripts.sandbox.accounts import Accounts
from scripts.sandbox.server import Sandbox


def main() -> int:
    port = int(os.environ.get("SANDBOX_PORT", "8025"))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sandbox = Sandbox(port, port + 1, accounts=accounts())
    try:
        sandbox.start()
    except OSError as problem:
        print(f"The sandbox cannot listen on {port} and {port + 1}: {problem}", file=sys.stderr)
        return 1
    print(f"Sandbox at {sandbox.url}, SMTP on {sandbox.smtp_port}.", flush=True)
    ended.wait()
    sandbox.stop()
    return 0


def accounts() -> Accounts:
    public = os.environ.get("PUBLIC_URL", "").rstrip("/")
    webhook = os.environ.get("SANDBOX_STRIPE_WEBHOOK_URL") or (public and f"{public}/api/payment/webhook/stripe")
    hosts = {urlsplit(public).hostname or "", *os.environ.get("SANDBOX_REACHABLE_HOSTS", "").split(",")}
    reachable = frozenset(host.strip().lower() for host in hosts if host.strip())
    return Accounts(stripe_webhook_url=webhook, reachable_hosts=reachable)


if __name__ == "__main__":
    sys.exit(main())
