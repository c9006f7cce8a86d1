"""Maps lie on the operator's own ground where there is one, and on a plain one where it cannot be loaded."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.stations.registry import seed
from tests.browser.reader import WIDE, Reader

SignIn = Callable[..., Reader]
STYLE = {
    "version": 8,
    "sources": {},
    "layers": [{"id": "ground", "type": "background", "paint": {"background-color": "#135"}}],
}


@pytest.fixture
def view() -> tuple[str, str]:
    return WIDE, "en"


@pytest.fixture
def lay(
    app: Flask, staff: SignIn, reader: Reader, site: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, bytes], Any]]:
    """Open the map on a ground that this answers."""

    def open_map(name: str, content: bytes) -> Any:
        with app.app_context(), transaction():
            seed.seed_stations(utcnow())
        page = staff().page
        monkeypatch.setitem(app.jinja_env.globals, "map_ground", f"{site}/{name}")

        def answer(route: Any) -> None:
            asked = route.request.headers.get("range", "")
            first, _, last = asked.removeprefix("bytes=").partition("-")
            part = content[int(first) : int(last) + 1] if asked else content
            headers = {"Content-Range": f"bytes {first}-{last}/{len(content)}"} if asked else {}
            route.fulfill(status=206 if asked else 200, body=part, headers=headers)

        page.route(f"**/{name}", answer)
        page.goto("/console/now")
        page.wait_for_selector(".places li")
        return page

    yield open_map
    # Without a graphics processor the driver complains that it is slow.
    reader.troubles = [each for each in reader.troubles if "GL Driver Message" not in each]


def test_a_style_is_drawn_under_the_marks(lay: Callable[[str, bytes], Any]) -> None:
    page = lay("ground.json", json.dumps(STYLE).encode())
    page.wait_for_selector("canvas.maplibregl-canvas", state="attached")
    assert page.locator(".pin").count() > 0


def test_an_archive_is_drawn_under_the_marks(lay: Callable[[str, bytes], Any]) -> None:
    page = lay("ground.pmtiles", make_archive())
    page.wait_for_selector(".leaflet-tile-pane canvas", state="attached")
    assert page.locator(".pin").count() > 0


def make_archive() -> bytes:
    """Make a PMTiles archive, version 3, with one tile of the whole world in which nothing is."""
    tile = b"\x1a\x0b\x0a\x05earth\x28\x80\x20\x78\x02"  # a layer without features
    directory = bytes([1, 0, 1, len(tile), 1])
    metadata = b"{}"
    begin = 127
    parts = [begin, len(directory), begin + len(directory), len(metadata), 0, 0]
    parts += [begin + len(directory) + len(metadata), len(tile), 1, 1, 1]
    numbers = b"".join(part.to_bytes(8, "little") for part in parts)
    flags = bytes([1, 1, 1, 1, 0, 0])  # clustered, nothing compressed, vector tiles, zoom 0 only
    box = b"".join(int(each * 1e7).to_bytes(4, "little", signed=True) for each in (-180, -85, 180, 85))
    centre = bytes([0]) + bytes(8)
    return b"PMTiles\x03" + numbers + flags + box + centre + directory + metadata + tile
