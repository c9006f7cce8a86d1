"""Uploads of pictures: routes that take a larger body than others, in memory only, and few from each caller."""

import base64
import binascii
import functools
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from flask import Flask, request
from flask_smorest.fields import Upload
from marshmallow import fields
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException

from powerbank.api.auth import UnauthenticatedError, principal, read_claims
from powerbank.api.openapi import api, note_for_document
from powerbank.api.rate_limits import hit_if_counted
from powerbank.base.db import db
from powerbank.pictures import pipeline

MOST_PICTURE_BYTES = 8 * 1024 * 1024
_AROUND = 64 * 1024  # for the other fields, and for what multipart adds
PER_CALLER = "60 per hour"


class PictureField(Upload):  # type: ignore[misc]
    """A file of a multipart body. Its name and declared type are not believed, so they are not read."""

    default_error_messages = {"invalid": "Send a file."}  # noqa: RUF012 (marshmallow's way)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if not isinstance(value, FileStorage):
            raise self.make_error("invalid")
        return value.stream.read()


class PhotoField(fields.Field):  # type: ignore[type-arg]
    """A picture beside other facts: a file of a form, or base64 in JSON, with or without `data:image/…;base64,`."""

    default_error_messages = {"invalid": "Send a file, or base64."}  # noqa: RUF012 (marshmallow's way)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if isinstance(value, FileStorage):
            return value.stream.read()
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            content = base64.b64decode(value.partition(";base64,")[2] or value, validate=True)
        except (ValueError, binascii.Error):
            raise self.make_error("invalid") from None
        if not content:
            raise self.make_error("invalid")
        return content


def init_app(app: Flask) -> None:
    api.register_field(PictureField, "string", "binary")
    api.register_field(PhotoField, "string", None)


def takes_pictures(count: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a route take so many pictures. This stands below `user_only`, so that a stranger's body is not read, and
    above `arguments`, which reads it."""

    most = count * MOST_PICTURE_BYTES + _AROUND

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            # Without Redis nobody counts; the places of the pipeline are limited all the same.
            hit_if_counted(PER_CALLER, "pictures", principal())
            request.max_content_length = most
            return view(*args, **kwargs)

        wrapper._most_bytes = most  # type: ignore[attr-defined]
        return wrapper

    return decorate


def largest_body_of_route(app: Flask, method: str, path: str, headers: Iterable[tuple[str, str]]) -> int:
    """Say how large a body the web server reads before it asks the application. The names of headers are in capitals. A
    stranger's picture is not read: the route would refuse it unread."""
    try:
        endpoint, _ = app.url_map.bind("").match(unquote(path), method)
        read_claims(dict(headers).get("AUTHORIZATION", ""), app.config["JWT_SECRET_KEY"])
    except (HTTPException, UnauthenticatedError):
        return 0
    view = app.view_functions[endpoint]
    view = getattr(getattr(view, "view_class", None), method.lower(), view)
    return int(getattr(view, "_most_bytes", 0))


def takes_a_photo(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a route take a body that is JSON or a form, with one `PhotoField`."""
    wrapper = takes_pictures(1)(view)
    note_for_document(wrapper, form_too=True)
    return wrapper


def remake_picture(content: bytes, shape: pipeline.Shape) -> bytes:
    """Decode a picture and make it anew in a shape of ours."""
    db.session.rollback()  # no transaction stays open while a picture is decoded
    return pipeline.remake(content, shape, most_bytes=MOST_PICTURE_BYTES)
