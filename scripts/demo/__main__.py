"""Makes the demonstration once the system is ready, and then simulates its stations."""

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

READY_SECONDS = 600.0


def main() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    # Nothing of the product is imported before: whoever waits for the start does not wait for this.
    if wait_until_ready(f"http://127.0.0.1:{os.environ['PORT']}/health/ready", ended):
        os.nice(10)
        from scripts.demo import programme

        programme.run(Path(os.environ["POWERBANK_DATA"]), ended)


def wait_until_ready(url: str, ended: threading.Event) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and not ended.wait(1.0):
        try:
            with direct.open(url, timeout=5) as answer:
                if answer.status == 200:
                    return True
        except (OSError, urllib.error.URLError):
            continue
    return False


if __name__ == "__main__":
    main()
