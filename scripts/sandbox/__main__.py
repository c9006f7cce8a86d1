"""Starts the sandbox on SANDBOX_PORT, and its SMTP on the port after it."""

import os
import signal
import sys
import threading

from scripts.sandbox.server import Sandbox


def main() -> int:
    port = int(os.environ.get("SANDBOX_PORT", "8025"))
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    sandbox = Sandbox(port, port + 1)
    try:
        sandbox.start()
    except OSError as problem:
        print(f"The sandbox cannot listen on {port} and {port + 1}: {problem}", file=sys.stderr)
        return 1
    print(f"Sandbox at {sandbox.url}, SMTP on {sandbox.smtp_port}.", flush=True)
    ended.wait()
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
