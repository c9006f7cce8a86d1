#!/usr/bin/env python
"""Hears what stations say and writes it down. Run two; one listens, the other stands by and takes over.

Ends on SIGTERM or Ctrl-C, after what it has in hand.
"""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from prometheus_client import start_http_server

from powerbank import create_app
from powerbank.stations.daemon import Daemon


def main() -> int:
    app = create_app()
    settings = app.config["SETTINGS"]
    if settings.mqtt_url is None:
        print("Which broker do stations speak to? Set MQTT_URL.", file=sys.stderr)
        return 2
    daemon = Daemon(app, url=settings.mqtt_url, group=settings.mqtt_shared_group)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: daemon.stop())
    if settings.mqtt_metrics_port is not None:
        start_http_server(settings.mqtt_metrics_port)
    daemon.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
