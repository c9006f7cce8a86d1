#!/usr/bin/env python
"""Works on the queues named, in the order of their priority: `python scripts/worker.py critical payments`.

`all` stands for every queue: one worker for a small machine. Jobs that call a vendor are the last that it comes to, for
a vendor may hang; `--without-vendors` leaves them to a worker with `--only-vendors`. Ends after the job in hand on
SIGTERM or Ctrl-C.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse

import config
from jobs.worker import runtime
from jobs.worker.loop import Worker
from powerbank import create_app, freeze_loaded_objects
from powerbank.base.redis_clients import connect
from powerbank.outbox.policy import TIME_LIMITS, Queue, lanes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "queues", nargs="+", choices=[*Queue, "all"], metavar="QUEUE", help=f"{', '.join(Queue)} or all"
    )
    jobs = parser.add_mutually_exclusive_group()
    jobs.add_argument("--without-vendors", action="store_true", help="not the jobs that call a vendor")
    jobs.add_argument("--only-vendors", action="store_true", help="only the jobs that call a vendor")
    parser.add_argument("--burst", action="store_true", help="end when the queues are empty")
    arguments = parser.parse_args()
    queues = [queue for queue in Queue if "all" in arguments.queues or queue in arguments.queues]
    settings = settings_for(queues)
    app = create_app(settings, routes=False)
    runtime.preload()
    freeze_loaded_objects()
    served = lanes(queues, plain=not arguments.only_vendors, vendors=not arguments.without_vendors)
    worker = Worker(app, served, connect(settings.redis_url))
    worker.work(burst=arguments.burst)
    return 0


def settings_for(queues: list[Queue]) -> config.Settings:
    """The application's, but that a statement may take as long as the longest job."""
    settings = config.load()
    if not settings.database_statement_timeout_ms:
        return settings
    longest = max(TIME_LIMITS[queue] for queue in queues)
    return settings.model_copy(update={"database_statement_timeout_ms": longest * 1000})


if __name__ == "__main__":
    sys.exit(main())
