"""Measures when the rider's app shows its first view on a slow phone: 400 kbit/s, 400 ms round trips, a quarter of this
processor's speed.

    python -m scripts.bench.first_view --url http://127.0.0.1:8000 /app/ /app/s/KTM-001

Each visit is that of a stranger: nothing is cached. Needs Chromium.
"""

import argparse
import shutil
import statistics
from typing import Any

ROUND_TRIP_MS = 400
BYTES_PER_SECOND = 400_000 / 8
SLOWER = 4
# What a person waits for in a view: something to read and to press.
SHOWN = "main h1, main .hero"
WHEN_SHOWN = """
(selector) => new Promise((resolve) => {
  const tell = () => resolve(performance.now());
  const look = () => (document.querySelector(selector) ? requestAnimationFrame(tell) : setTimeout(look, 10));
  look();
})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("paths", nargs="+")
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for path in asked.paths:
            found = [visit(browser, asked.url + path) for _ in range(asked.times)]
            shown = sorted(seconds for seconds, _, _ in found)
            painted = statistics.median(seconds for _, seconds, _ in found)
            sizes = max(size for _, _, size in found)
            print(
                f"{path}: shown after {statistics.median(shown):.2f} s (worst {shown[-1]:.2f} s), "
                f"first paint {painted:.2f} s, {sizes / 1000:.0f} kB until then"
            )
        browser.close()


def visit(browser: Any, url: str) -> tuple[float, float, int]:
    """Visit as a stranger; give the seconds until the view and the first paint, and the bytes that came."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    slow = {"offline": False, "latency": ROUND_TRIP_MS, "uploadThroughput": BYTES_PER_SECOND}
    session.send("Network.emulateNetworkConditions", slow | {"downloadThroughput": BYTES_PER_SECOND})
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    came: list[int] = []
    session.on("Network.loadingFinished", lambda event: came.append(int(event["encodedDataLength"])))
    page.goto(url, wait_until="commit")
    shown = page.evaluate(WHEN_SHOWN, SHOWN) / 1000
    size = sum(came)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime || 0") / 1000
    context.close()
    return shown, paint, size


if __name__ == "__main__":
    main()
