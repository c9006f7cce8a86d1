"""Decode one picture from standard input, and write it to standard output as a plain JPEG.

`powerbank.pictures.pipeline` runs this file as a program of its own, because hostile pictures attack decoders. It
imports none of our code, gets none of our settings, and limits itself before it reads the first byte.
"""

from __future__ import annotations

import contextlib
import io
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 10
QUALITY = 85

BROKEN, TOO_LARGE = 3, 4  # exit codes; any other but 0 is a crash

ORIENTATION = 0x0112


def main(format_: str, width: str, height: str, side: str, *, square: bool) -> int:
    limit_this_process()
    content = sys.stdin.buffer.read()
    try:
        made = decode_picture(content, format_, (int(width), int(height)), int(side), square=square)
    except MemoryError:
        return TOO_LARGE
    except Exception:  # Pillow's decoders raise a dozen kinds of errors, and none is of interest
        return BROKEN
    sys.stdout.buffer.write(made)
    return 0


def limit_this_process() -> None:
    limits = {
        resource.RLIMIT_CPU: CPU_SECONDS,
        resource.RLIMIT_CORE: 0,  # a core file would hold the picture
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: 16,
    }
    if sys.platform == "linux":  # macOS refuses a limit on its address space
        limits[resource.RLIMIT_AS] = MEMORY
    for limit, value in limits.items():
        with contextlib.suppress(ValueError):  # a lower limit is there already
            resource.setrlimit(limit, (value, value))


def decode_picture(content: bytes, format_: str, size: tuple[int, int], side: int, *, square: bool) -> bytes:
    from PIL import Image, ImageOps, WebPImagePlugin  # noqa: F401 (the third adds its format)

    with Image.open(io.BytesIO(content), formats=[format_]) as image:
        if image.size != size:
            raise ValueError("the header says another size than the decoder")
        image.draft(None, (side, side))  # a JPEG is decoded only a little larger than it is needed
        image.load()
        turned = read_orientation(image)
        plain = make_opaque(image)
    if square:
        plain = ImageOps.fit(plain, (side, side), Image.Resampling.LANCZOS)
    else:
        plain.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain = turn_upright(plain, turned)
    # A new picture has nothing but pixels: no EXIF, position, profile, comment or text comes along.
    clean = Image.new("RGB", plain.size)
    clean.paste(plain)
    written = io.BytesIO()
    clean.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()


def read_orientation(image: Image.Image) -> int:
    """Read how the picture is turned. One whose EXIF is nonsense is still a picture, and not turned."""
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1


def turn_upright(image: Image.Image, turned: int) -> Image.Image:
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[turned]) if turned in turns else image


def make_opaque(image: Image.Image) -> Image.Image:
    """Convert to eight bits of red, green and blue; transparent parts become white."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off instead of scaling
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if "transparency" not in image.info and not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer.getchannel("A"))
    return white


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5], square=sys.argv[5] == "square"))
