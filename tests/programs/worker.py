"""`scripts/worker.py` with the tests' jobs."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from jobs.worker import loop as engine
from scripts import worker
from tests.programs import setting


class DiesAfterCommit(engine.Worker):
    """Falls at once when its first job has committed, before Redis hears of it."""

    def perform_job(self, *args: Any) -> bool:
        super().perform_job(*args)
        os.kill(os.getpid(), signal.SIGKILL)
        return True


def main() -> int:
    setting.prepare()
    if os.environ.get("TEST_DIES_AFTER_COMMIT"):
        worker.Worker = DiesAfterCommit  # type: ignore[misc]
    return worker.main()


if __name__ == "__main__":
    sys.exit(main())
