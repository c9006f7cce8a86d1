"""The simulator's page, on this machine only."""

import logging
import socket
import threading
from pathlib import Path
from typing import Self

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from scripts.simulation import api
from scripts.simulation.simulator import Simulator

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"


class Page:
    def __init__(self, simulator: Simulator, port: int) -> None:
        # The port is opened here, because make_server ends the whole process when the port is taken.
        with socket.create_server((HOST, port)) as listener:
            self.port: int = listener.getsockname()[1]
            self._server: BaseWSGIServer = make_server(
                HOST, self.port, app(simulator), threaded=True, request_handler=Quiet, fd=listener.fileno()
            )
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # it is threaded
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def app(simulator: Simulator) -> Flask:
    made = Flask("simulator", static_folder=str(STATIC), static_url_path="/static")
    made.config.update(MAX_CONTENT_LENGTH=64 * 1024, TRUSTED_HOSTS=[HOST, "localhost"])
    made.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    made.logger.setLevel(logging.WARNING)
    made.register_blueprint(api.blueprint(simulator))

    @made.before_request
    def only_for_our_names() -> None:
        # A page on another host whose name leads to this machine must not drive it. Reading `host` checks that.
        _ = request.host

    @made.errorhandler(HTTPException)
    def refused(wrong: HTTPException) -> api.Answer:
        return api.refuse(wrong.description, wrong.code or 500)

    @made.get("/")
    def page() -> Response:
        answer = made.send_static_file("page.html")
        answer.headers["Content-Security-Policy"] = POLICY
        return answer

    return made


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing, for the page asks every second."""
