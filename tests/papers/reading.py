"""Read the plain letters of a PDF file that Powerbank has made."""

import re
import zlib

_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\) Tj")


def read_pages(pdf: bytes) -> list[list[str]]:
    """Read the texts of each page, in the order in which they were drawn."""
    pages = []
    for found in _STREAM.finditer(pdf):
        try:
            content = zlib.decompress(found[1])
        except zlib.error:
            continue
        texts = [re.sub(rb"\\(.)", rb"\1", each).decode("latin-1") for each in _TEXT.findall(content)]
        if b" Tj" in content:
            pages.append(texts)
    return pages
