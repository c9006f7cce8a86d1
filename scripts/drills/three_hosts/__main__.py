"""Builds three hosts in network namespaces of their own, lets people use them, and breaks one thing after the other.

Each has PostgreSQL under Patroni with etcd, PgBouncer, HAProxy, Redis with its Sentinel, and our programs; two have
Mosquitto, of which one is active. In the end nothing that was acknowledged may be lost or doubled, and the ledger and
the places of all power banks must be right. Ends with a table, and with 1 if anything is wrong.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from scripts.bench.shared import report
from scripts.drills.one_server.machine import DrillError, find_missing
from scripts.drills.storm.storm import say
from scripts.drills.three_hosts import results
from scripts.drills.three_hosts.breakages import Drill
from scripts.drills.three_hosts.cluster import Cluster
from scripts.drills.three_hosts.image import make_image

PAGE = Path(__file__).parents[3] / "docs/high-availability.md"
# Everything below is gone when this process ends, however it ends.
OWN = (
    "unshare",
    "--net",
    "--mount",
    "--pid",
    "--fork",
    "--kill-child=SIGKILL",
    "--mount-proc",
    "--propagation",
    "private",
)


def main() -> int:
    asked = arguments().parse_args()
    if missing := find_missing(also=("unshare", "ip", "bridge", "mount")):
        print(f"This drill needs {', '.join(missing)}: apt install debootstrap systemd-container iproute2, as root.")
        return 2
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not asked.inside:
        with (asked.folder / "hosts-log").open("w") as log:
            try:
                say("the image of the hosts …")
                make_image(asked.folder, log)
            except DrillError as failed:
                print(f"FAILED: {failed}\nThe log is {log.name}.")
                return 1
        return subprocess.call([*OWN, sys.executable, "-m", "scripts.drills.three_hosts", "--inside", *sys.argv[1:]])
    return _inside(asked)


def _inside(asked: argparse.Namespace) -> int:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    folder = asked.folder / "hosts"
    command = f"scripts/drills/three-hosts --riders {asked.riders}"
    wrong = True
    try:
        cluster = Cluster(folder, asked.folder / "hosts-image/root")
        with cluster.running():
            drill = Drill(cluster, riders=asked.riders, only=asked.only)
            seen = drill.run(seconds=60)
            findings = results.check(drill, seen)
            table = results.render(drill, seen, findings)
        wrong = bool(findings)
        text = f"`{command}`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.\n\n{table}"
        say(f"\n{text}")
        if asked.write:
            report.keep(PAGE, "three-hosts", text)
    except (DrillError, RuntimeError) as failed:
        print(f"FAILED: {failed}")
    if wrong or asked.keep:
        print(f"What the hosts wrote is below {folder}, in */changes/var/log/drill.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return int(wrong)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/drills/three-hosts", description=__doc__)
    folder = Path(os.environ.get("TMPDIR", tempfile.gettempdir())) / "powerbank-one-server"
    parser.add_argument(
        "--folder", type=Path, default=folder, help="as of scripts/drills/one-server, whose Debian it uses"
    )
    parser.add_argument("--riders", type=int, default=6, help="at once")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="what has this in its name")
    parser.add_argument("--keep", action="store_true", help="leave what the hosts wrote")
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
