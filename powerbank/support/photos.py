"""The pictures that people and staff add to a message."""

from flask import Response

from powerbank.api import uploads
from powerbank.pictures.pipeline import Shape

SHAPE = Shape(1600)  # enough to read a serial number on a power bank


def remake_photo(content: bytes | None) -> bytes | None:
    """Make a picture anew from its pixels. This takes a while, so it is not called inside a transaction."""
    return uploads.remake_picture(content, SHAPE) if content is not None else None


def answer_with_photo(content: bytes) -> Response:
    response = Response(content, content_type="image/jpeg")
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox; frame-ancestors 'none'"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
