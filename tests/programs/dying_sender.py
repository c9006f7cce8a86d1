"""Sends payouts, each in a process of its own that is killed (SIGKILL) one line later than the one before.

Its arguments are the jobs of the payouts. It ends with the first payout that was sent to its end, or without one that
was, and writes each line on which a process died. A line that is run again counts once.
"""

import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import jobs.payouts
from jobs.worker import runtime, stepwise
from powerbank import create_app
from powerbank.integrations.npi import client as npi
from powerbank.payouts.sending import outcomes
from powerbank.payouts.sending import services as sending

SENDING = {module.__file__ for module in (jobs.payouts, sending, outcomes, npi, stepwise)}


def die_after(lives: int) -> None:
    """Kill this process before the line that comes after so many different ones of what sends payouts."""
    seen: set[tuple[str, int]] = set()

    def look(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if file not in SENDING:
            return None
        if event == "line" and (file, frame.f_lineno) not in seen:
            if len(seen) == lives:
                os.write(1, f"{Path(file).stem}:{frame.f_code.co_name}:{frame.f_lineno}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
            seen.add((file, frame.f_lineno))
        return look

    sys.settrace(look)


def main() -> int:
    npi.ASK_AFTER = timedelta(0)
    app = create_app()
    for lives, job_id in enumerate(sys.argv[1:]):
        pid = os.fork()
        if pid == 0:
            with app.app_context():
                die_after(lives)
                runtime.run("send_payout", job_id, worker=f"mortal {lives}")
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != -signal.SIGKILL:
            os.write(1, b"sent\n")
            return 0
    return 1
