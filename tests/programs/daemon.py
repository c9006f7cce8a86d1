"""`scripts/mqtt_daemon.py` with somebody who hears of every return, and a short lease."""

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs import catalogue, policy
from powerbank.stations import daemon
from scripts import mqtt_daemon

HEARD = policy.JobSpec("test_heard", "tests.sample_jobs.plain", policy.Queue.CLEANUP)


def main() -> int:
    catalogue.register(HEARD)
    catalogue.SUBSCRIPTIONS["powerbank_returned"] = (HEARD,)
    daemon.LEASE, daemon.RENEW_EVERY = timedelta(seconds=3), 0.5
    return mqtt_daemon.main()


if __name__ == "__main__":
    sys.exit(main())
