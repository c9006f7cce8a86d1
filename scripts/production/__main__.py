"""Looks after a production: backups and their drills, upgrades and the way back, keys, and how it is.

Run it with the settings of the services: from the environment, or from /etc/powerbank/settings.env.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import config
from scripts.production import accounts, keys, ready, settings_file, status, upgrading
from scripts.production.backup import commands
from scripts.production.errors import ManageError

# These start services anew. What they do to data they do as the services' account.
NEED_ROOT = {"status", "upgrade", "rollback", "rotate-keys"}

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
    add("status", status.status, "show what runs from which release, and how it is")
    go = add("ready", ready.ready, "tick off what a production needs before its first customer")
    go.add_argument("--sms", metavar="NUMBER", help="send an SMS to this number first, +97798…")
    up = add("upgrade", upgrading.upgrade, "serve the release that this script lies in; back by itself if not well")
    up.add_argument("--no-backup", action="store_true", help="without a backup first")
    down = add("rollback", upgrading.roll_back, "serve the release before again")
    down.add_argument("version", nargs="?", help="another one than the release before")
    add("migrate", upgrading.migrate, "bring the schema to this release's, waiting half a second for each lock")
    key = add("rotate-keys", keys.rotate, keys.__doc__ or "")
    key.add_argument("key", metavar="NAME", help=", ".join([*keys.REENCRYPTED_BY, *keys.ENDS]))
    key.add_argument("--yes", action="store_true", help="do it, whatever it ends")
    key.add_argument("--no-restart", action="store_true", help="start the programs anew by hand")
    asked = parser.parse_args()
    return asked, runs[asked.word]


def main() -> int:
    os.umask(0o077)
    asked, run = parse()
    try:
        settings_file.use(asked.settings)
        if asked.word not in NEED_ROOT:
            accounts.become_service_account()
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
