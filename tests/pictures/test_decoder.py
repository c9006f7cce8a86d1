"""A picture that is taken comes out as a plain, upright JPEG that holds nothing but pixels."""

import pytest
from PIL import Image

from powerbank.pictures.pipeline import Shape, remake
from tests.pictures import samples
from tests.pictures.samples import BLUE, MOST, RED, WHITE, animated, decoded, encoded, halves, made, near, plain


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
def test_each_format_is_taken(format_: str) -> None:
    image = made(encoded(plain(), format_))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (60, 40))
    assert near(image, (30, 20), RED)


def test_a_large_one_is_scaled_down_and_a_small_one_is_not_scaled_up() -> None:
    assert made(encoded(plain(size=(3000, 1500))), 300).size == (300, 150)
    assert made(encoded(plain(size=(9000, 1), mode="RGB"), "PNG"), 300).size == (300, 1)
    assert made(encoded(plain(size=(20, 10))), 300).size == (20, 10)


def test_a_square_is_cut_from_the_middle() -> None:
    image = made(encoded(halves((400, 100))), 64, square=True)
    assert image.size == (64, 64)
    assert near(image, (5, 32), RED)
    assert near(image, (58, 32), BLUE)


def test_nothing_of_where_how_and_with_what_it_was_taken_is_left() -> None:
    before = samples.located_jpeg()
    assert dict(decoded(before).getexif().get_ifd(0x8825)) == samples.POSITION
    after = remake(before, Shape(100), most_bytes=MOST)
    assert b"SPY-" not in after
    assert b"Exif" not in after
    image = decoded(after)
    assert not image.getexif()
    assert not image.getexif().get_ifd(0x8825)
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_nothing_is_left_of_it_in_a_png_or_a_webp_either() -> None:
    from PIL.PngImagePlugin import PngInfo

    notes = PngInfo()
    notes.add_text("Comment", "SPY-TEXT")
    notes.add_itxt("XML:com.adobe.xmp", "SPY-XMP", zip=True)
    exif = Image.Exif()
    exif[0x010F] = "SPY-CAMERA"
    for content in (
        encoded(plain(), "PNG", pnginfo=notes, exif=exif, icc_profile=b"SPY-PROFILE"),
        encoded(plain(), "WEBP", exif=exif, xmp=b"SPY-XMP", icc_profile=b"SPY-PROFILE"),
    ):
        after = remake(content, Shape(100), most_bytes=MOST)
        assert b"SPY-" not in after
        assert set(decoded(after).info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (60, 40), (5, 20)),
        (2, (60, 40), (55, 20)),
        (3, (60, 40), (55, 20)),
        (4, (60, 40), (5, 20)),
        (5, (40, 60), (20, 5)),
        (6, (40, 60), (20, 5)),
        (7, (40, 60), (20, 55)),
        (8, (40, 60), (20, 55)),
        (77, (60, 40), (5, 20)),
    ],
)
def test_a_picture_comes_out_upright(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    image = made(samples.located_jpeg(orientation))
    assert image.size == size
    assert near(image, red_at, RED)


def test_unusual_kinds_look_as_they_should() -> None:
    assert near(made(encoded(plain((0, 255, 255, 0), mode="CMYK"))), (30, 20), RED)
    assert near(made(encoded(plain(40_000, mode="I;16"), "PNG")), (30, 20), (156, 156, 156))
    assert near(made(encoded(plain((9, 9, 9, 0), mode="RGBA"), "PNG")), (30, 20), WHITE)
    assert near(made(encoded(plain((9, 0), mode="LA"), "PNG")), (30, 20), WHITE)
    assert near(made(encoded(plain(1, mode="1"), "PNG")), (30, 20), WHITE)
    assert near(made(encoded(plain(100, mode="L"))), (30, 20), (100, 100, 100))
    palette = halves().quantize(2)
    seen = palette.getpixel((0, 0))
    image = made(encoded(palette, "PNG", transparency=seen))
    assert near(image, (5, 20), WHITE)
    assert near(image, (55, 20), BLUE)
    assert near(made(encoded(plain(), "JPEG", progressive=True)), (30, 20), RED)


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_kept(format_: str) -> None:
    content = animated(format_)
    assert decoded(content).n_frames == 2
    image = made(content)
    assert getattr(image, "n_frames", 1) == 1
    assert near(image, (30, 20), RED)
