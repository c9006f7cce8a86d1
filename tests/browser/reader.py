"""Somebody who reads the pages in a browser, and notices what is wrong with them."""

import os
import re
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

PHONE, WIDE = "phone", "wide"
SIZES = {PHONE: {"width": 390, "height": 844}, WIDE: {"width": 1400, "height": 900}}
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# Where each element stands: a number made of all that it stands in, with classes and roles, and of whether it says
# anything. What stands in the same place looks and reads the same.
_PLACES = """() => {
  const told = (each) => [...each.attributes].map(({ name, value }) => ["class", "role", "type"].includes(name)
    ? `${name}=${value}` : `${name}${value ? "" : "="}`).sort().join(" ")
  const places = new Map([[null, 7]])
  for (const each of document.querySelectorAll("*")) {
    let place = places.get(each.parentElement)
    for (const letter of `${each.tagName} ${told(each)} ${each.textContent.trim() ? "says" : ""}`)
      place = (place * 31 + letter.charCodeAt(0)) % 4398042316799
    places.set(each, place)
  }
  return [...new Set(places.values())]
}"""
# What is opened there would close when its part is read again.
_NAMELESS = """() => [...document.querySelectorAll("[hx-get] details:not(.api)")]
  .filter((each) => !each.querySelector("form") && each.closest("[id]").matches("[hx-get]"))
  .map((each) => each.outerHTML.slice(0, 200))"""
# Nothing of another host is found. Requests are not held up to be looked at: a test that waits for something else would
# hold up the page with them.
ARGUMENTS = ("--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1")
# The live processes are no part of tests of one site alone, so this stream says hello and ends.
STREAM = re.compile(r"/live/stream\?")
HELLO = 'retry: 60000\nevent: hello\ndata: {"topics": ["console"]}\n\n'


class Reader:
    _origins: tuple[str, ...] = ()  # where the page may ask, besides its site
    _looked_at: ClassVar[set[tuple[str, int]]] = set()  # a size, and a place on a page where axe found nothing

    def __init__(self, browser: Any, site: str, *, size: str, language: str, axe: str) -> None:
        self.site, self.size, self.language, self._axe = site, size, language, axe
        self.troubles: list[str] = []
        self._tolerated: list[str] = []
        self._looks = 0
        # Each size has a theme, so that both are looked at without going everywhere twice.
        theme = "dark" if size == PHONE else "light"
        self._context = browser.new_context(viewport=SIZES[size], locale=language, base_url=site, color_scheme=theme)
        self._context.on("request", self._watch)
        if not self._origins:
            self._context.route(STREAM, lambda route: route.fulfill(content_type="text/event-stream", body=HELLO))
        self.page = self._context.new_page()
        self.page.set_default_timeout(30_000)
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))

    def open(self, path: str) -> Any:
        """Open a page, and look at it with axe and with a ruler."""
        self.page.goto(path)
        self.look()
        return self.page

    def look(self) -> None:
        """Note what axe finds serious, and a page that is wider than its window. Keep a picture if one is wanted."""
        self.page.wait_for_load_state("load")  # before its styles have come, a page has the colours of the browser
        # An element that still moves in does not have its final colours yet. What says that one has to wait moves on.
        self.page.evaluate(
            "() => Promise.allSettled(document.getAnimations()"
            ".filter((each) => each.effect.getComputedTiming().endTime !== Infinity).map((each) => each.finished))"
        )
        self._ask_axe()
        for each in self.page.evaluate(_NAMELESS):
            self.troubles.append(f"{self.page.url}: give an id to this, or to what it stands in: {each}")
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > SIZES[self.size]["width"]:
            self.troubles.append(f"{self.page.url} is {width} pixels wide")
        if folder := os.environ.get("PICTURES"):
            name = urlsplit(self.page.url).path.strip("/").replace("/", "-") or "home"
            self._looks += 1
            kept = Path(folder) / f"{name[:60]}-{self._looks}-{self.size}-{self.language}.png"
            kept.parent.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=kept, full_page=True)

    def _ask_axe(self) -> None:
        """Note what axe finds serious. It takes longer than all else of a look, so it gets what is new to it only."""
        shown = {(self.size, place) for place in self.page.evaluate(_PLACES)}
        if shown <= self._looked_at:
            return
        run = "(await axe.run(document, { resultTypes: ['violations'] })).violations"
        found = self.page.evaluate(f"async () => {{ {self._axe}; return {run} }}")
        serious = [each for each in found if each["impact"] in ("serious", "critical")]
        for each in serious:
            places = "; ".join(node["html"][:200] for node in each["nodes"][:3])
            self.troubles.append(f"axe on {self.page.url}: {each['id']}: {places}")
        if not serious:
            self._looked_at.update(shown)

    def send(self, button: str) -> None:
        """Press the first such button, and wait for the page that answers. The page before may show the same things."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(button).first.click()

    def sign_in(self, email: str, password: str, *, code: str | None = None) -> None:
        self.page.goto(f"/console/login?language={self.language}")
        self.look()
        self.page.fill("[name=email]", email)
        self.page.fill("[name=password]", password)
        if code is not None:
            self.page.fill("[name=totp]", code)
        self.page.click("main button")
        self.page.wait_for_url("**/console/")

    def tolerate(self, part: str) -> None:
        """Pass over what the console says with this in it, and let nothing be loaded from there all the same."""
        self._tolerated.append(part)

    def leave(self) -> None:
        self._context.close()

    def _watch(self, request: Any) -> None:
        known = request.url.startswith((self.site, *self._origins, "data:", "blob:")) or STREAM.search(request.url)
        if not known and not any(part in request.url for part in self._tolerated):
            self.troubles.append(f"asked another host: {request.url}")

    def _listen(self, message: Any) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in self._tolerated):
            self.troubles.append(f"console: {message.text}")
