"""Each request begins a trace, where traces are kept: a caller's own `traceparent` is not believed.

It is named by its route, since an address may hold what is of people.
"""

from contextlib import ExitStack

from flask import Flask, Response, g, request

from powerbank.base import tracing
from powerbank.base.logs import PROBES
from powerbank.base.tracing import Kind


def init_app(app: Flask) -> None:
    if app.config["SETTINGS"].traces_url:
        trace_requests(app)


def trace_requests(app: Flask) -> None:
    """Trace the requests of an application from now on."""

    @app.before_request
    def begin() -> None:
        if request.path in PROBES:
            return
        route = request.url_rule.rule if request.url_rule else "no route"
        named = {"http.request.method": request.method, "http.route": route}
        g.trace = ExitStack()
        g.trace.enter_context(tracing.span(f"{request.method} {route}", Kind.SERVER, named))

    @app.after_request
    def answered(response: Response) -> Response:
        if "trace" in g:
            tracing.note("http.response.status_code", response.status_code)
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        under_way: ExitStack | None = g.pop("trace", None)
        if under_way is not None:
            under_way.close()
