"""The daemon as it is, that writes down how long each message took from its sending to its commit."""

import array
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from powerbank.integrations.mqtt.listener import Heard
from powerbank.stations.daemon.loop import Daemon
from scripts import mqtt_daemon


class Measured(Daemon):
    lags = array.array("d")

    def _count_messages(self, batch: list[Heard]) -> None:
        super()._count_messages(batch)
        now = time.time()
        self.lags.extend(now - float(each.payload[8:25]) for each in batch if each.payload.startswith(b'{"sent"'))

    def _sign_off(self) -> None:
        super()._sign_off()
        with Path(sys.argv[1]).open("wb") as file:
            self.lags.tofile(file)


if __name__ == "__main__":
    setattr(mqtt_daemon, "Daemon", Measured)  # noqa: B010 (it is imported there)
    sys.exit(mqtt_daemon.main())
