"""A camera that looks at a code, for tests of what scans."""

import io
from pathlib import Path

import segno
from PIL import Image

from tests.browser.reader import ARGUMENTS

LOOKING = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def take_picture(code: str) -> bytes:
    """Take a picture of a code as it stands on a station or on a power bank."""
    drawn, taken = io.BytesIO(), io.BytesIO()
    segno.make_qr(code).save(drawn, kind="png", scale=10, border=4)
    seen = Image.new("RGB", (640, 480), "white")
    seen.paste(Image.open(drawn).convert("RGB").resize((400, 400)), (120, 40))
    seen.save(taken, "JPEG", quality=95)
    return taken.getvalue()


def options_of(code: str, folder: Path) -> list[str]:
    """Give the options of a browser whose camera looks at a code."""
    film = folder / "code.mjpeg"
    film.write_bytes(take_picture(code) * 10)
    return [*ARGUMENTS, *LOOKING, f"--use-file-for-fake-video-capture={film}"]
