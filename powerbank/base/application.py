"""Flask without what every request would pay for and none of ours uses.

All that leans on the inside of Flask and Werkzeug stands here. It was written against Flask 3.1 and Werkzeug 3.1;
tests/base/test_application.py fails when one of these changes:
- `_prepare_response_obj` of the JSON provider takes the arguments of `jsonify` apart;
- `ensure_sync` is asked for every hook and view of every request;
- `_get_file_stream` of a request makes the place for an uploaded file;
- `_compile_builder` gives a rule the two functions that make its addresses.
"""

import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

import orjson
from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.routing import Rule

from powerbank.base.clock import format_time


class OrjsonProvider(DefaultJSONProvider):
    """Writes JSON with orjson, and what orjson does not know as Flask's own provider would write it."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return dump_json(obj).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        obj = self._prepare_response_obj(args, kwargs)
        return Response(dump_json(obj) + b"\n", mimetype=self.mimetype)


def dump_json(value: Any) -> bytes:
    """Write a value as JSON."""
    try:
        return orjson.dumps(value, _encode_unknown, orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:  # orjson has no whole numbers beyond 64 bits
        return json.dumps(value, default=_encode_unknown, ensure_ascii=False, separators=(",", ":")).encode()


def _encode_unknown(value: Any) -> Any:
    return format_time(value) if isinstance(value, datetime) else DefaultJSONProvider.default(value)


class ConsoleSessions(SecureCookieSessionInterface):
    """Cookie sessions for the console only: its pages alone come with a cookie, and they alone get one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified or session:
            super().save_session(app, session, response)


class MemoryRequest(Request):
    """A request whose files stay in memory. Werkzeug would write larger ones, documents of people, to the disk."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()


class ReadRule(Rule):
    """A rule that learns to make addresses when it is first asked for one.

    Of some eight hundred rules a process makes the addresses of a few, and compiling all of them costs
    two thirds of making the application.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder

        def build(self: Rule, **values: Any) -> tuple[str, str]:
            compiled = compile_builder(append_unknown).__get__(self, None)
            setattr(self, "_build_unknown" if append_unknown else "_build", compiled)
            made: tuple[str, str] = compiled(**values)
            return made

        return build


class Application(Flask):
    url_rule_class = ReadRule
    request_class = MemoryRequest
    json_provider_class = OrjsonProvider
    session_interface = ConsoleSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Give the function as it is: none is a coroutine, and Flask would look at each hook of each request."""
        return func
