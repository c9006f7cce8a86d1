"""`scripts/mqtt_daemon.py` with somebody who hears of every return."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from powerbank import subscriptions
from powerbank.outbox import catalogue, policy
from powerbank.stations.events import PowerbankReturned
from scripts import mqtt_daemon

HEARD = policy.JobSpec("test_heard", body="tests.sample_jobs.plain", queue=policy.Queue.CLEANUP)


def main() -> int:
    catalogue.register(HEARD)
    subscriptions.SUBSCRIPTIONS[PowerbankReturned] = (HEARD,)
    return mqtt_daemon.main()


if __name__ == "__main__":
    sys.exit(main())
