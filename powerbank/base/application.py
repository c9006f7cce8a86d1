"""Flask without what every request would pay for and none of ours uses."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from flask import Flask, Request, Response
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from powerbank.base.clock import format_time


class OrjsonProvider(DefaultJSONProvider):
    """Answers are written by orjson; what it does not know is told to it as Flask's own writer would tell it."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return dump_json(obj).decode()

    def response(self, *args: Any, **kwargs: Any) -> Response:
        obj = self._prepare_response_obj(args, kwargs)
        return Response(dump_json(obj) + b"\n", mimetype=self.mimetype)


def dump_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, _plain, orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:  # it has no whole numbers beyond 64 bits
        return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    return format_time(value) if isinstance(value, datetime) else DefaultJSONProvider.default(value)


class ConsoleSessions(SecureCookieSessionInterface):
    """Only the console's pages come with a cookie, and only they get one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified or session:
            super().save_session(app, session, response)


class Application(Flask):
    json_provider_class = OrjsonProvider
    session_interface = ConsoleSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Nothing here is a coroutine: looking at every hook and view of every request would find none."""
        return func
