"""Reads requests for marshmallow: JSON that says it is JSON, and text that a database can hold.

It leans on webargs 8.7: `load_json` raises where a body is no JSON, and `MultiDictProxy.multiple_keys` are the fields
that may be given more than once. tests/api/test_odd_requests.py sends what would come through otherwise.
"""

import json
import re
from functools import lru_cache
from typing import Any, NoReturn

from flask import Request, abort
from flask_smorest.arguments import FlaskParser
from marshmallow import Schema
from webargs.multidictproxy import MultiDictProxy
from werkzeug.datastructures import MultiDict

from powerbank.base.errors import AppError

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")  # not the text backslash-u-0000


class Parser(FlaskParser):  # type: ignore[misc]
    DEFAULT_VALIDATION_STATUS = 422
    __location_map__ = {  # noqa: RUF012 (webargs' way)
        **FlaskParser.__location_map__,
        "multipart": "load_multipart",
        "json_or_form": "load_json_or_form",
    }

    def load_json(self, req: Request, schema: Schema) -> Any:
        body = req.get_data()  # reads it all: a body that is too large ends here
        if body and not req.is_json:
            abort(415)
        if not body and getattr(schema, "body_required", False) and not _wants_something(schema):
            _refuse("There must be a body, `{}` at least.")
        # Werkzeug refuses a body that is too large, and webargs one that is not JSON.
        try:
            value = super().load_json(req, schema)
            _refuse_unstorable(value)
        except (RecursionError, ValueError):  # lists within lists, thousands deep; a number of thousands of digits
            abort(400)
        return value

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        if "\x00" in "".join(req.args.values()):
            _unstorable()
        lists = _lists_in(schema)
        return {name: req.args.getlist(name) if name in lists else req.args[name] for name in req.args}

    def load_multipart(self, req: Request, schema: Schema) -> Any:
        """Read fields and files of a form together, so that unknown ones of either kind are refused."""
        if req.mimetype != "multipart/form-data":
            raise AppError("unsupported_media_type", 415, "Send a form, with Content-Type: multipart/form-data.")
        _refuse_unstorable(req.form.to_dict(flat=False))
        return self._makeproxy(MultiDict([*req.form.items(multi=True), *req.files.items(multi=True)]), schema)

    def load_json_or_form(self, req: Request, schema: Schema) -> Any:
        is_form = req.mimetype == "multipart/form-data"
        return self.load_multipart(req, schema) if is_form else self.load_json(req, schema)


@lru_cache(maxsize=1024)
def _lists_in(schema: Schema) -> frozenset[str]:
    """Give the fields that may be given more than once. The schema of each route is made once, so this is too."""
    return frozenset(MultiDictProxy(MultiDict(), schema).multiple_keys)


def _refuse_unstorable(value: Any) -> None:
    """Refuse NUL and lone surrogates: they are legal in JSON, but PostgreSQL's text has no place for them."""
    try:
        plain = json.dumps(value, ensure_ascii=False, default=str)
        plain.encode()
    except UnicodeEncodeError:
        _unstorable()
    if _NUL.search(plain):
        _unstorable()


def _wants_something(schema: Schema) -> bool:
    """Say whether a schema has a required field. Then the refusal names what is missing."""
    return any(field.required for field in schema.load_fields.values()) and not schema.partial


def _unstorable() -> NoReturn:
    _refuse("Text must not hold NUL or lone surrogates.")


def _refuse(why: str) -> NoReturn:
    from webargs.flaskparser import abort as abort_with

    abort_with(422, messages={"json": {"_schema": [why]}})
    raise AssertionError("unreachable")
