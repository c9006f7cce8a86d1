#!/usr/bin/env python
"""Hear the messages of stations and write them. Run two daemons: one listens, the other stands by and takes over.

A daemon ends on SIGTERM or Ctrl-C, after the batch that it is writing.
"""

import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from powerbank import create_app, freeze_loaded_objects
from powerbank.base import probe
from powerbank.integrations.errors import VendorError
from powerbank.integrations.mqtt import sharing
from powerbank.stations.daemon.loop import Daemon


def _can_share(url: str) -> bool:
    while True:
        try:
            found = sharing.keeps_for_others(url)
        except VendorError as away:
            print(away, file=sys.stderr)
            time.sleep(5)
            continue
        if not found:
            print(
                "MQTT_SHARED_GROUP is set, but this broker does not give what a fallen daemon held to the others."
                " Unset it: one daemon listens, the others stand by.",
                file=sys.stderr,
            )
        return found


def main() -> int:
    app = create_app(routes=False)
    settings = app.config["SETTINGS"]
    if settings.mqtt_url is None:
        print("Which broker do stations speak to? Set MQTT_URL.", file=sys.stderr)
        return 2
    if settings.mqtt_shared_group is not None and not _can_share(settings.mqtt_url):
        return 2
    freeze_loaded_objects()
    daemon = Daemon(app, url=settings.mqtt_url, group=settings.mqtt_shared_group)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: daemon.stop())
    if settings.mqtt_metrics_port is not None:
        probe.serve(settings.mqtt_metrics_port, lambda: (daemon.trouble, {"leads": daemon.leads}))
    daemon.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
