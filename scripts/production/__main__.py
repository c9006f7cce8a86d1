"""Looks after a production: backups and their drills, upgrades and the way back, keys, and how it is.

Run it with the settings of the services: from the environment, or from /etc/powerbank/settings.env.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import config
from scripts.production import commands, settings_file
from scripts.production.errors import ManageError

Command = Callable[[config.Settings, argparse.Namespace], None]


def parse() -> tuple[argparse.Namespace, Command]:
    parser = argparse.ArgumentParser(
        prog="scripts/manage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--settings", type=Path, metavar="FILE", help="settings, if not the environment's")
    words = parser.add_subparsers(dest="word", required=True, metavar="COMMAND")
    runs: dict[str, Command] = {}

    def add(name: str, run: Command, tells: str) -> argparse.ArgumentParser:
        runs[name] = run
        return words.add_parser(name, help=tells, description=tells)

    add("backup", commands.backup, "make an encrypted backup, and forget those that BACKUP_KEEP does not keep")
    add("list", commands.list_backups, "list the backups")
    drill = add("verify", commands.verify, "restore a backup into a scratch database and recount it")
    drill.add_argument("backup", nargs="?", help="its name; the newest one unless said")
    back = add("restore", commands.restore, "put everything back to a backup; the programs must be stopped")
    back.add_argument("backup", nargs="?", help="its name; the newest one unless said")
    back.add_argument("--yes", action="store_true", help="do it")
    asked = parser.parse_args()
    return asked, runs[asked.word]


def main() -> int:
    os.umask(0o077)
    asked, run = parse()
    try:
        settings_file.use(asked.settings)
        run(config.load(), asked)
    except (ManageError, config.ConfigurationError, PermissionError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
