"""`scripts/scheduler.py` with the tests' jobs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from scripts import scheduler
from tests.programs import setting


def main() -> None:
    setting.prepare()
    scheduler.main()


if __name__ == "__main__":
    main()
