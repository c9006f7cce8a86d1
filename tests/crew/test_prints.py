"""Photos that were seen before: the same picture in another size or quality proves no second task."""

import base64
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw

from powerbank.crew.tasks import prints
from tests.crew.conftest import Member
from tests.pictures.samples import encoded
from tests.stations.conftest import Make

Hire = Callable[..., Member]


def scene(shift: int = 0, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """Draw a cabinet before a wall. Another shift is another photo of it."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    pen = ImageDraw.Draw(image)
    for number in range(6):
        left = (shift * 53 + number * 97) % 560
        pen.rectangle((left, 40 + number * 60, left + 70, 90 + number * 60), fill=(40 * number, 200 - 30 * number, 90))
    return image


def differing_bits(first: bytes, second: bytes) -> int:
    return ((prints.print_of(first) ^ prints.print_of(second)) & ((1 << 64) - 1)).bit_count()


def test_the_same_picture_has_the_same_print() -> None:
    photo = encoded(scene())
    smaller = encoded(scene().resize((320, 240)), quality=40)
    assert differing_bits(photo, smaller) <= prints.MOST_DIFFERENT
    assert differing_bits(photo, encoded(scene(shift=3))) > prints.MOST_DIFFERENT


def test_the_parts_of_a_print_are_told_apart() -> None:
    assert len(set(prints.bands_of(-1))) == 4
    assert prints.bands_of(0) != prints.bands_of(-1)


def test_a_photo_proves_one_task(make_station: Make, hire: Hire, order: Callable[..., Any]) -> None:
    make_station("A")
    ram, maya = hire("ram"), hire("maya")
    first, second = order("A", "clean"), order("A", "audit")
    ram.do(f"tasks/{first['id']}/claim")
    maya.do(f"tasks/{second['id']}/claim")
    photo = base64.b64encode(encoded(scene())).decode()
    assert ram.do(f"tasks/{first['id']}/complete", photo=photo)["status"] == "to_verify"
    again = base64.b64encode(encoded(scene().resize((320, 240)), quality=50)).decode()
    refused = maya.ask(f"tasks/{second['id']}/complete", photo=again)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "photo_seen_before")
    other = base64.b64encode(encoded(scene(shift=3))).decode()
    assert maya.do(f"tasks/{second['id']}/complete", photo=other)["status"] == "to_verify"
