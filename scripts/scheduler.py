#!/usr/bin/env python
"""Puts delayed jobs into their queues when they are due, and ticks the schedule. Run two; one leads."""

import os
import sys
import time
from pathlib import Path

# rq-scheduler reads cron expressions in the process's zone. Ours are read in their own; UTC leaves no doubt.
os.environ["TZ"] = "UTC"
time.tzset()
sys.path.insert(0, str(Path(__file__).parents[1]))

from jobs.worker.scheduler import Scheduler  # noqa: E402
from powerbank import create_app  # noqa: E402
from powerbank.base.redis_clients import connect  # noqa: E402


def main() -> None:
    app = create_app(rules=False)
    Scheduler(app, connect(app.config["SETTINGS"].redis_url)).run()


if __name__ == "__main__":
    main()
