"""Waits until Powerbank is ready and says where to look, or what is not right.

A process of its own beside the others: `scripts/run` forks for each Procfile line, which threads would spoil.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from scripts.stack import secrets_file

PATIENCE_SECONDS = 60.0

Answer = tuple[int, str]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sandbox-url", default="")
    parser.add_argument("--stations-url", default="")
    parser.add_argument("--show-password", action="store_true")
    arguments = parser.parse_args()
    answer = wait_until_ready(f"{arguments.url}/health/ready")
    if answer[0] != 200:
        print(explain(answer, arguments.data), flush=True)
        return 1
    print(
        where_to_look(
            arguments.url,
            arguments.data,
            sandbox_url=arguments.sandbox_url,
            stations_url=arguments.stations_url,
            password=os.environ["ADMIN_PASSWORD"] if arguments.show_password else None,
        ),
        flush=True,
    )
    if json.loads(answer[1]).get("status") == "degraded":
        print(f"  Not all is well: {_shortened(answer[1])}\n", flush=True)
    if arguments.show_password:
        secrets_file.shown_in(arguments.data).touch(mode=0o600)
    return 0


def wait_until_ready(url: str) -> Answer:
    deadline = time.monotonic() + PATIENCE_SECONDS
    run = os.getppid()
    answer = ask(url)
    while answer[0] != 200 and time.monotonic() < deadline:
        if os.getppid() != run:
            sys.exit("The start this belongs to is gone.")
        time.sleep(0.2)
        answer = ask(url)
    return answer


def ask(url: str) -> Answer:
    """Return the status and the body, or status 0 and the reason where nothing answered."""
    # A proxy of the environment has no business with the loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as response:
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode(errors="replace")
    except (OSError, ValueError) as silent:
        return 0, str(silent)


def explain(answer: Answer, data: Path) -> str:
    status, body = answer
    lines = ["", f"Powerbank is not ready after {PATIENCE_SECONDS:.0f} s."]
    if status == 0:
        lines.append(f"  /health/ready does not answer: {body}")
    else:
        lines.append(f"  /health/ready answers {status}: {_shortened(body)}")
    for path in sorted((data / "pids").glob("*.endings")):
        endings = path.read_text().splitlines()
        times = f"ended {len(endings)} times" if len(endings) > 1 else "ended once"
        lines.append(f"  {path.stem} {times}, last with {endings[-1]}")
    lines.append(f"  The servers' logs are in {data / 'logs'}; everything keeps running, Ctrl-C stops it.")
    return "\n".join(lines) + "\n"


def _shortened(body: str) -> str:
    try:
        return json.dumps(json.loads(body))[:600]
    except ValueError:
        return " ".join(body.split())[:200]


def _password(shown: str | None, secrets: Path) -> str:
    if not os.environ["ADMIN_PASSWORD"]:
        return "as it was set before (anew: flask --app wsgi staff reset)"
    if os.environ["ADMIN_PASSWORD"] not in secrets.read_text():
        return "as in ADMIN_PASSWORD"
    return shown or f"in {secrets}"


def where_to_look(url: str, data: Path, *, sandbox_url: str, stations_url: str, password: str | None) -> str:
    secrets = data / "secrets.env"
    rows = {
        "App": f"{url}/app/  (rent a power bank)",
        "API": f"{url}/docs",
        "Console": f"{url}/console/",
        "Queues": f"{url}/ops/rq/",
        "Health": f"{url}/health/ready",
        "Sandbox": f"{sandbox_url}  (messages sent, payments, faults)" if sandbox_url else "",
        "Stations": f"{stations_url}  (eject, return and break things by hand)" if stations_url else "",
        "Sign in": f"{os.environ['ADMIN_EMAIL']}, password {_password(password, secrets)}",
        "Data": str(data),
    }
    lines = [f"  {name:<8} {text}" for name, text in rows.items() if text]
    return "\n".join(["", "Powerbank is ready.", *lines, "  Ctrl-C stops all of it.", ""])


if __name__ == "__main__":
    sys.exit(main())
