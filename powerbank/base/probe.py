"""Serve `/metrics` for Prometheus and `/health` for an orchestrator, from a program that has no routes."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

# Says what is wrong, or None, and what else is worth knowing. It is called from another thread.
State = Callable[[], tuple[str | None, Mapping[str, Any]]]


class _Quiet(WSGIRequestHandler):
    timeout = 10  # a caller that says nothing does not keep a thread for longer

    def log_message(self, *_: Any) -> None:
        """Log nothing: a probe comes every few seconds."""


def serve(port: int, state: State) -> WSGIServer:
    """Answer in a thread of its own, which ends with the process."""
    metrics = make_wsgi_app()

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            shown: Iterable[bytes] = metrics(environ, start)
            return shown
        if environ["PATH_INFO"] != "/health":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics, /health"]
        trouble, details = state()
        start("503 Service Unavailable" if trouble else "200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"status": trouble or "ok", **details}).encode()]

    server = make_server("", port, answer, ThreadingWSGIServer, _Quiet)
    threading.Thread(target=server.serve_forever, name="probe", daemon=True).start()
    return server
