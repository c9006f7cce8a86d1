"""Whatever is no picture, or costs too much to decode, is refused with a reason."""

import io
import os
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from powerbank.base.errors import AppError, UnavailableError
from powerbank.pictures import decoder, pipeline
from powerbank.pictures.pipeline import Shape, remake
from tests.pictures import samples
from tests.pictures.samples import MOST, RED, encoded, made, near, plain


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """These tests need none."""


def zipped(name: str = "a.txt") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(name, "hidden")
    return written.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00\x03" + bytes(200),
        b"\x7fELF" + bytes(200),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7\n" + bytes(99),
        zipped(),
        b"RIFF\0\0\0\0WAVEfmt ",
        encoded(plain(), "GIF"),
        encoded(plain(), "BMP"),
        encoded(plain(), "TIFF"),
        encoded(plain(), "ICO"),
        b"\n" + samples.jpeg(),
        b"GIF89a" + samples.jpeg(),
    ],
    ids=["nothing", "exe", "elf", "svg", "html", "pdf", "zip", "wav", "gif", "bmp", "tiff", "ico", "nl", "gif-jpeg"],
)
def test_a_file_that_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(AppError) as refused:
        remake(content, Shape(100), most_bytes=MOST)
    assert (refused.value.status, refused.value.code) == (415, "picture_type_unsupported")


def test_what_hides_behind_a_picture_does_not_come_along() -> None:
    """A file may be a picture and an archive, or a page, at once."""
    for hidden in (zipped("SPY.txt"), b"<script>SPY()</script>", b"<?php SPY(); ?>"):
        after = remake(samples.jpeg() + hidden, Shape(100), most_bytes=MOST)
        assert b"SPY" not in after
        assert not zipfile.is_zipfile(io.BytesIO(after))


@pytest.mark.parametrize("bomb", [samples.png_bomb(), samples.webp_bomb()], ids=["png", "webp"])
def test_a_bomb_is_refused_without_being_decoded(monkeypatch: pytest.MonkeyPatch, bomb: bytes) -> None:
    assert len(bomb) < 200_000
    monkeypatch.setattr(pipeline, "DECODER", Path("/nonexistent"))  # whoever would start it would fail
    with pytest.raises(AppError) as refused:
        remake(bomb, Shape(100), most_bytes=MOST)
    assert (refused.value.status, refused.value.code) == (422, "picture_too_many_pixels")


def test_a_bomb_that_gets_through_hits_the_decoders_own_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MAXIMUM_PIXELS", 10**12)
    for bomb in (samples.png_bomb(), samples.webp_bomb()):
        with pytest.raises(AppError) as refused:
            remake(bomb, Shape(100), most_bytes=MOST)
        assert refused.value.status == 422


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    picture = encoded(plain("red", (5000, 4000)), "PNG")
    assert near(made(picture), (30, 20), RED)
    source = Path(decoder.__file__).read_text()
    small = tmp_path / "small.py"
    small.write_text(source.replace("MEMORY = 1024 * 1024 * 1024", "MEMORY = 100 * 1024 * 1024"))
    monkeypatch.setattr(pipeline, "DECODER", small)
    assert near(made(samples.jpeg()), (30, 20), RED)
    with pytest.raises(AppError) as refused:
        made(picture)
    assert refused.value.code == "picture_too_many_pixels"


def test_a_header_that_says_two_sizes_is_refused() -> None:
    content = samples.jpeg_that_says_two_sizes()
    assert pipeline.check_picture(content, most_bytes=MOST).pixels == 100
    with pytest.raises(AppError) as refused:
        remake(content, Shape(100), most_bytes=MOST)
    assert refused.value.code == "picture_broken"


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused(format_: str, share: float) -> None:
    content = encoded(Image.effect_noise((300, 300), 80), format_)
    with pytest.raises(AppError) as refused:
        remake(content[: int(len(content) * share)], Shape(100), most_bytes=MOST)
    assert (refused.value.status, refused.value.code) == (422, "picture_broken")


@pytest.mark.parametrize("start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"RIFF\0\0\0\0WEBPVP8X"])
def test_a_right_beginning_with_nonsense_behind_it_is_refused(start: bytes) -> None:
    for rest in (b"", b"\x00" * 60, b"\xff" * 3000, os.urandom(3000)):
        with pytest.raises(AppError) as refused:
            remake(start + rest, Shape(100), most_bytes=MOST)
        assert refused.value.status == 422


def test_too_many_bytes_are_refused() -> None:
    content = samples.jpeg()
    assert remake(content, Shape(100), most_bytes=len(content))
    with pytest.raises(AppError) as refused:
        remake(content, Shape(100), most_bytes=len(content) - 1)
    assert (refused.value.status, refused.value.code) == (413, "picture_too_large")


def test_a_decoder_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(pipeline, "DECODER", hanging)
    monkeypatch.setattr(pipeline, "WALL_SECONDS", 0.5)
    with pytest.raises(AppError) as refused:
        remake(samples.jpeg(), Shape(100), most_bytes=MOST)
    assert (refused.value.status, refused.value.code) == (503, "too_many_pictures"), "the machine was busy"


def test_a_decoder_that_works_on_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = Path(decoder.__file__).read_text().replace("CPU_SECONDS = 10", "CPU_SECONDS = 1")
    busy = tmp_path / "busy.py"
    busy.write_text(source.replace("content = sys.stdin.buffer.read()", "while True: pass"))
    monkeypatch.setattr(pipeline, "DECODER", busy)
    monkeypatch.setattr(pipeline, "WALL_SECONDS", 3600)
    with pytest.raises(AppError) as refused:
        remake(samples.jpeg(), Shape(100), most_bytes=MOST)
    assert refused.value.code == "picture_broken"


def test_the_decoder_knows_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    telling = tmp_path / "telling.py"
    telling.write_text(
        "import os, sys; sys.stdout.write(repr((sorted(os.environ), os.getcwd(), sorted(os.listdir('/proc/self/fd')))))"
    )
    monkeypatch.setattr(pipeline, "DECODER", telling)
    monkeypatch.setenv("SECRET_KEY", "canary")
    with (tmp_path / "held").open("w"):
        names, folder, handles = eval(remake(samples.jpeg(), Shape(100), most_bytes=MOST))  # noqa: S307
    assert not {name for name in names if name not in pipeline.ENVIRONMENT and name != "LC_CTYPE"}
    assert (folder, len(handles)) == ("/", 4)  # three, and the one of the listing


def test_our_own_fault_is_not_blamed_on_the_picture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module")
    monkeypatch.setattr(pipeline, "DECODER", broken)
    with pytest.raises(RuntimeError):
        remake(samples.jpeg(), Shape(100), most_bytes=MOST)


def test_few_at_once_and_the_others_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waiting, go_on = tmp_path / "waiting.py", tmp_path / "go-on"
    waiting.write_text(
        f"import os, sys, time\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)\nsys.stdout.write('done')"
    )
    monkeypatch.setattr(pipeline, "DECODER", waiting)
    monkeypatch.setattr(pipeline, "WAIT_SECONDS", 0.1)
    refused: list[UnavailableError] = []

    def send(_: int) -> bool:
        try:
            return remake(samples.jpeg(), Shape(100), most_bytes=MOST) == b"done"
        except UnavailableError as busy:
            refused.append(busy)
            return False

    with ThreadPoolExecutor(max_workers=6) as pool:
        sent = pool.map(send, range(6))
        give_up = time.monotonic() + 20
        while len(refused) < 6 - pipeline.MAXIMUM_AT_ONCE and time.monotonic() < give_up:
            time.sleep(0.02)
        go_on.touch()
        assert sum(sent) == pipeline.MAXIMUM_AT_ONCE
    assert {(busy.code, busy.status, bool(busy.retry_after)) for busy in refused} == {("too_many_pictures", 503, True)}
    assert remake(samples.jpeg(), Shape(100), most_bytes=MOST) == b"done"
