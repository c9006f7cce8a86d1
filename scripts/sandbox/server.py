"""One sandbox: all vendors over HTTP on one port, SMTP on another."""

import logging
import socket
import threading
from pathlib import Path
from typing import Any, Self

from flask import Flask, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from scripts.sandbox import api, misbehaving, payment_routes
from scripts.sandbox.accounts import Accounts
from scripts.sandbox.faults import Faults
from scripts.sandbox.messages import Messages
from scripts.sandbox.vendor import Server, Vendor, World
from scripts.sandbox.vendors import VENDORS

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
MAX_UPLOAD_BYTES = 25 * 1024 * 1024
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Sandbox:
    def __init__(
        self,
        http_port: int,
        smtp_port: int,
        *,
        accounts: Accounts | None = None,
        vendors: tuple[Vendor, ...] = VENDORS,
    ) -> None:
        self.http_port = http_port
        self.smtp_port = smtp_port
        self.vendors = vendors
        self.world = World(f"http://{HOST}:{http_port}", smtp_port, accounts or Accounts())
        self._http: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._servers: list[Server] = []

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def accounts(self) -> Accounts:
        return self.world.accounts

    @property
    def messages(self) -> Messages:
        return self.world.messages

    @property
    def faults(self) -> Faults:
        return self.world.faults

    def reset(self) -> None:
        """Between tests."""
        self.world.reset()

    def start(self) -> None:
        # Here, not inside make_server, which ends the whole process when the port is taken.
        listener = socket.create_server((HOST, self.http_port))
        with listener:
            self._http = make_server(
                HOST,
                self.http_port,
                self._app(),
                threaded=True,
                request_handler=Quiet,
                fd=listener.fileno(),
            )
        self._http.daemon_threads = True  # type: ignore[attr-defined]  # it is threaded
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        try:
            for vendor in self.vendors:
                if vendor.server:
                    server = vendor.server(self.world)
                    server.start()
                    self._servers.append(server)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.world.stopping.set()
        while self._servers:
            self._servers.pop().stop()
        if self._http and self._thread:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()
            self._http = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def _app(self) -> Flask:
        app = Flask("sandbox", static_folder=str(STATIC), static_url_path="/static", template_folder=str(TEMPLATES))
        app.config.update(MAX_CONTENT_LENGTH=MAX_UPLOAD_BYTES, MAX_FORM_MEMORY_SIZE=MAX_UPLOAD_BYTES)
        app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
        app.logger.setLevel(logging.WARNING)
        app.register_blueprint(api.blueprint(self.world, self.vendors))
        app.register_blueprint(payment_routes.blueprint(self.world))
        for vendor in self.vendors:
            if vendor.blueprint:
                routes = vendor.blueprint(self.world)
                misbehaving.wrap(routes, vendor, self.world)
                app.register_blueprint(routes)

        @app.get("/")
        def inbox() -> Response:
            page = app.send_static_file("inbox.html")
            page.headers["Content-Security-Policy"] = POLICY
            return page

        return app


class Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The page asks every other second: nobody wants to read that."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """Otherwise a dropped answer would leave the connection open for the next request."""
        self.close_connection = True
