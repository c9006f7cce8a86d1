"""Make pictures, good and bad, and look at what the pipeline makes of them."""

import io
import struct
import zlib

from PIL import Image

from powerbank.pictures.pipeline import Shape, remake

MOST = 8 * 1024 * 1024
RED, BLUE, WHITE = (254, 0, 0), (0, 0, 254), (255, 255, 255)
POSITION = {1: "N", 2: (27.0, 42.0, 0.0), 3: "E", 4: (85.0, 19.0, 0.0)}  # Kathmandu, as EXIF says it


def encoded(image: Image.Image, format_: str = "JPEG", **options: object) -> bytes:
    written = io.BytesIO()
    image.save(written, format_, **options)
    return written.getvalue()


def plain(colour: object = "red", size: tuple[int, int] = (60, 40), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, colour)


def jpeg(colour: str = "red") -> bytes:
    return encoded(plain(colour))


def halves(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Make a picture that is red on the left and blue on the right."""
    image = plain("red", size)
    image.paste("blue", (size[0] // 2, 0, *size))
    return image


def located_jpeg(orientation: int = 1) -> bytes:
    """Make a JPEG with all that a camera and a program leave behind: position, make, profile, XMP and a comment."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SPY-CAMERA"
    exif.get_ifd(0x8825).update(POSITION)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SPY-XMP</x:xmpmeta>"
    return encoded(halves(), exif=exif, xmp=xmp, comment=b"SPY-COMMENT", icc_profile=b"SPY-PROFILE" * 20)


def decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png_bomb(side: int = 30_000) -> bytes:
    """Make a valid PNG of one colour, which takes some hundred bytes a megapixel."""
    deflate = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(deflate.compress(row) for _ in range(side)) + deflate.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def webp_bomb(side: int = 16_000) -> bytes:
    """Make a lossless WebP of one colour. It takes hardly any bytes, and its header alone says how large it is."""
    bits = (side - 1) | (side - 1) << 14
    body = b"VP8L" + struct.pack("<I", 10) + b"\x2f" + struct.pack("<I", bits) + bytes(5)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def jpeg_that_says_two_sizes() -> bytes:
    """Make a JPEG whose first frame is small, while the frame that the decoder reads is large."""
    large = encoded(plain("red", (9000, 9000)))
    at = large.index(b"\xff\xc0")
    length = struct.unpack(">H", large[at + 2 : at + 4])[0]
    small = bytearray(large[at : at + 2 + length])
    small[5:9] = struct.pack(">HH", 10, 10)
    return large[:at] + bytes(small) + large[at:]


def animated(format_: str) -> bytes:
    return encoded(plain("red"), format_, save_all=True, append_images=[plain("blue")], duration=100)


def made(content: bytes, side: int = 100, *, square: bool = False) -> Image.Image:
    out = remake(content, Shape(side, square), most_bytes=MOST)
    assert out.startswith(b"\xff\xd8\xff")
    return decoded(out)


def near(image: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, colour, strict=True))
