"""Take the picture of the rider's app: three moments of one rental side by side, by a stranger who rents."""

import io
import json
import re
import time
import urllib.parse
import urllib.request
from typing import Any

from PIL import Image

PHONE = {"width": 390, "height": 844}
GAP = 24
GROUND = "#dfe7e4"
LONGEST_WAIT = 60  # seconds


def take_app(browser: Any, *, url: str, sandbox: str) -> bytes:
    """Rent a power bank as a stranger does, and take a picture of the way there."""
    context = browser.new_context(viewport=PHONE, base_url=url, locale="en", device_scale_factor=1)
    try:
        page = context.new_page()
        station = _find_station(page, url)
        page.goto(f"/app/s/{station}")
        page.wait_for_selector(".slots")
        taken = [page.screenshot()]
        page.click(f"a[href='/app/rent/{station}']")
        _become_a_rider(page, sandbox, number=f"984{int(time.time()) % 10**7:07}")
        page.wait_for_selector("[data-does=rent]")
        taken.append(page.screenshot())
        page.click("[data-does=rent]")
        page.wait_for_selector(".stage.good .big")
        taken.append(page.screenshot())
        return _side_by_side(taken)
    finally:
        context.close()


def _find_station(page: Any, url: str) -> str:
    """Find the first station that is open and has power banks. The first ones are simulated, and open slots."""
    stations = page.request.get(f"{url}/api/stations?limit=50").json()["items"]
    able = (each for each in stations if each["status"] == "online" and each["open_now"])
    return str(min(each["sn"] for each in able if each["available_banks"]))


def _become_a_rider(page: Any, sandbox: str, *, number: str) -> None:
    """Sign in with the code of the SMS, choose a package, say who one is, and put money into the wallet."""
    page.fill("[name=identifier]", number)
    page.press("[name=identifier]", "Enter")
    page.wait_for_selector("#code")
    page.fill("#code", _find_code(sandbox, number))
    page.fill("[name=first_name]", "Sita")
    page.fill("[name=last_name]", "Rai")
    page.press("[name=last_name]", "Enter")
    page.click("[name=package] >> nth=0")
    for name, value in (("date_of_birth", "1995-04-12"), ("address", "Thamel Marg 3"), ("city", "Kathmandu")):
        page.fill(f"[name={name}]", value)
    page.press("[name=city]", "Enter")
    page.fill("#amount", "500")
    page.click("[data-gateway=khalti]")
    page.click("button:has-text('Pay NPR')")
    page.wait_for_url("**/app/rent/**")


def _find_code(sandbox: str, number: str) -> str:
    query = urllib.parse.urlencode({"channel": "sms", "to": f"+977{number}"})
    until = time.monotonic() + LONGEST_WAIT
    while time.monotonic() < until:
        with urllib.request.urlopen(f"{sandbox}/api/messages?{query}") as answer:  # noqa: S310  # nosec B310
            for message in json.load(answer)["items"]:
                if found := re.search(r"\d{6}", message["body"]):
                    return found[0]
        time.sleep(0.5)
    raise TimeoutError("no code came by SMS")


def _side_by_side(taken: list[bytes]) -> bytes:
    pictures = [Image.open(io.BytesIO(each)).convert("RGB") for each in taken]
    width = sum(each.width for each in pictures) + GAP * (len(pictures) + 1)
    whole = Image.new("RGB", (width, PHONE["height"] + 2 * GAP), GROUND)
    left = GAP
    for each in pictures:
        whole.paste(each, (left, GAP))
        left += each.width + GAP
    content = io.BytesIO()
    whole.save(content, "PNG")
    return content.getvalue()
