"""Where the console shows each kind of thing that the search finds, and which thing the page at an address shows."""

import re
from types import MappingProxyType
from urllib.parse import quote

from flask import current_app

from powerbank.admin.search.finders import Hit

PAGES = MappingProxyType(
    {
        "person": "/console/people/{}",
        "rental": "/console/rentals/{}",
        "station": "/console/stations/{}",
        "power_bank": "/console/powerbanks/{}",
        "topup": "/console/money/top-ups/{}",
        "refund": "/console/money/refunds/{}",
        "coupon": "/console/growth/coupons/{}",
    }
)
_SHOWN = {kind: re.compile(re.escape(page).replace(r"\{\}", r"([\w.-]+)"), re.ASCII) for kind, page in PAGES.items()}


def address_of(hit: Hit) -> str | None:
    """Give the address of the page that shows this; None while there is no such page."""
    path = PAGES[hit.kind].format(quote(hit.id, safe=""))
    return path if current_app.url_map.bind("localhost").test(path, "GET") else None


def thing_at(path: str) -> tuple[str, str] | None:
    """Say which thing the page at a path shows; None if it shows no single thing."""
    for kind, pattern in _SHOWN.items():
        if (found := pattern.fullmatch(path)) is not None:
            return kind, found[1]
    return None
