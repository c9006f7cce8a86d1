#!/usr/bin/env python
"""Holds the streams that tell browsers and apps what has changed. Run as many as you like, anywhere.

Ends on SIGTERM or Ctrl-C, after it has said goodbye to all.
"""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask import Flask

from powerbank import create_app, freeze_loaded_objects
from powerbank.auth.sign_ins import find_ended_sign_ins
from powerbank.base import probe
from powerbank.live.streams.server import Server, allow_open_files


async def serve(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    server = Server(app, find_ended=find_ended_sign_ins)
    await server.start(settings.live_host, settings.live_port)
    if settings.live_metrics_port is not None:
        probe.serve(settings.live_metrics_port, lambda: (server.trouble, {"streams": server.streams}))
    await stopped.wait()
    await server.stop()


def main() -> int:
    app = create_app(rules=False)
    allow_open_files(app.config["SETTINGS"].live_streams)
    freeze_loaded_objects()
    asyncio.run(serve(app))
    return 0


if __name__ == "__main__":
    sys.exit(main())
