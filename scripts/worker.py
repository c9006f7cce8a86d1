#!/usr/bin/env python
"""Works on the queues named, in the order of their priority: `python scripts/worker.py critical payments`.

`all` stands for every queue: one worker for a small machine. Ends after the job in hand on SIGTERM or Ctrl-C.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse

from jobs import runtime
from jobs.catalogue import Queue
from jobs.worker import Worker
from powerbank import create_app
from powerbank.redis_clients import connect


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "queues", nargs="+", choices=[*Queue, "all"], metavar="QUEUE", help=f"{', '.join(Queue)} or all"
    )
    parser.add_argument("--burst", action="store_true", help="end when the queues are empty")
    arguments = parser.parse_args()
    wanted = set(Queue) if "all" in arguments.queues else set(arguments.queues)
    app = create_app()
    runtime.preload()
    worker = Worker(app, [queue.value for queue in Queue if queue in wanted], connect(app.config["SETTINGS"].redis_url))
    worker.work(burst=arguments.burst)
    return 0


if __name__ == "__main__":
    sys.exit(main())
