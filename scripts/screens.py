"""Take pictures of the app and of the console's finest screens, as README and docs show them.

`scripts/pictures` starts this.
"""

import argparse
import io
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from scripts.app_picture import take_app

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}
COLOURS = 160  # enough for pages, and a fifth of the size
SETTLE_MILLISECONDS = 2500  # in which maps and plots are drawn


@dataclass(frozen=True)
class Screen:
    """A page, how it is looked at, and what is pressed on it before."""

    name: str
    path: str
    size: dict[str, int]
    theme: str = "light"
    language: str = "en"
    presses: tuple[str, ...] = ()


SCREENS = (
    Screen("now", "/console/now", {"width": 1400, "height": 1330}),
    Screen("now-phone", "/console/now", PHONE, theme="dark", language="ne"),
    Screen(
        "rental", "/console/rentals?status=completed", {"width": 1400, "height": 1100}, presses=("tbody td a >> nth=0",)
    ),
    Screen("identity", "/console/identity", WIDE, theme="dark", presses=("[data-key=b]",)),
    Screen("stations", "/console/stations", WIDE),
    Screen("station", "/console/stations/NEP-001", {"width": 1400, "height": 1100}),
    Screen("crew", "/console/crew", {"width": 1400, "height": 1100}),
    Screen("money", "/console/money/decisions", WIDE),
    Screen("machinery", "/console/machinery", WIDE, theme="dark"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--sandbox", default="http://127.0.0.1:8025", help="where the SMS with the code arrives")
    parser.add_argument("--email", default=os.environ.get("ADMIN_EMAIL", "admin@example.com"))
    parser.add_argument("--into", type=Path, default=PICTURES)
    parser.add_argument("names", nargs="*", help="only these; all of them if none is named")
    asked = parser.parse_args()
    chromium, password = shutil.which("chromium"), os.environ.get("ADMIN_PASSWORD")
    if chromium is None or password is None:
        print("Chromium has to be installed, and ADMIN_PASSWORD to be set.", file=sys.stderr)
        return 1
    from playwright.sync_api import sync_playwright

    asked.into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        if not asked.names or "app" in asked.names:
            write(take_app(browser, url=asked.url, sandbox=asked.sandbox), asked.into / "app.png")
        for screen in SCREENS:
            if asked.names and screen.name not in asked.names:
                continue
            taken = take(browser, screen, url=asked.url, email=asked.email, password=password)
            if taken is None:
                print(f"{screen.name}: there is no such page", file=sys.stderr)
                continue
            write(taken, asked.into / f"{screen.name}.png")
        browser.close()
    return 0


def take(browser: Any, screen: Screen, *, url: str, email: str, password: str) -> bytes | None:
    """Sign in and look at one screen. None: there is no such page."""
    context = browser.new_context(
        viewport=screen.size, color_scheme=screen.theme, locale=screen.language, base_url=url, device_scale_factor=1
    )
    try:
        page = context.new_page()
        page.goto(f"/console/login?language={screen.language}")
        page.fill("[name=email]", email)
        page.fill("[name=password]", password)
        page.click("main button")
        page.wait_for_url("**/console/")
        if page.goto(screen.path).status != 200:
            return None
        for selector in screen.presses:
            page.click(selector)
        page.wait_for_timeout(SETTLE_MILLISECONDS)
        taken: bytes = page.screenshot()
        return taken
    finally:
        context.close()


def write(picture: bytes, path: Path) -> None:
    keep(picture, path)
    print(f"{path.name}: {path.stat().st_size // 1024} kB")


def keep(picture: bytes, path: Path) -> None:
    """Keep a picture with few colours: pages have few, and the repository keeps every version of it."""
    with Image.open(io.BytesIO(picture)) as taken:
        taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
