"""Changes a key of production: puts a new one in the settings, has everything put under it, and takes the old one out.

Keys under which rows are encrypted (`DOCUMENT_KEYS`, `STAFF_KEY`, `PAYOUT_KEYS`) stand in the settings as `new,old`
meanwhile, so nothing is unreadable at any moment. The others are replaced at once, and what that ends is said first.
"""

import argparse
import os
import secrets
import subprocess
import sys
from pathlib import Path

import config
from scripts.production import accounts, settings_file, units
from scripts.production.errors import ManageError
from scripts.production.upgrading import RELEASE, wait_until_at_work

# How everything comes under the first key, and what the command says once nothing needs another one. Without a command
# what is there stays under the old key, which stays in the settings.
REENCRYPTED_BY: dict[str, tuple[tuple[str, ...], str]] = {
    "DOCUMENT_KEYS": (("documents", "reencrypt"), "nothing is left"),
    "STAFF_KEY": (("staff", "reencrypt"), "; 0 recovery codes"),
    "PAYOUT_KEYS": ((), ""),
}
ENDS = {
    "SECRET_KEY": "signs everybody out of the console, and forgets which devices come back",
    "JWT_SECRET_KEY": "has every app ask for a new access token",
    "OTP_KEY": "voids the one-time codes under way",
    "MONITOR_TOKEN": "shuts monitors out until they have the new one",
    "GATEWAY_SECRET": "shuts the stations' gateways out until they have the new one",
    "CALLBACK_SECRET": "has clients refuse our calls until they have the new one",
}
MOST_PASSES = 100


def rotate(settings: config.Settings, asked: argparse.Namespace) -> None:
    name, path = asked.key, asked.settings or settings_file.USUAL
    if not path.exists():
        raise ManageError(f"{path} is not there; --settings names the file with the settings.")
    if name in REENCRYPTED_BY:
        _rotate_with_rows(settings, name, path, restart=not asked.no_restart)
    elif name in ENDS:
        if not asked.yes:
            raise ManageError(f"A new {name} {ENDS[name]}. Say --yes.")
        _put(path, name, _new_key())
        _restart(settings, path, by_hand=asked.no_restart)
        print(f"{name}: changed")
    else:
        known = ", ".join([*REENCRYPTED_BY, *ENDS])
        raise ManageError(f"{name} cannot be changed by this, only {known}.")


def _rotate_with_rows(settings: config.Settings, name: str, path: Path, *, restart: bool) -> None:
    old = [each for each in settings_file.parse(path.read_text()).get(name, "").split(",") if each]
    if not old:
        raise ManageError(f"{path} has no {name}.")
    command, done_when = REENCRYPTED_BY[name]
    if len(old) == 1 or not command:
        _put(path, name, ",".join([_new_key(), *old]))
        print(f"{name}: a new key stands in front of the old one", flush=True)
    _restart(settings, path, by_hand=not restart)  # each program must know the new key before a row is under it
    if not command:
        print(f"{name}: what is new comes under the new key; the old one stays in the settings for the rest")
        return
    if not _reencrypt(command, done_when, path):
        print(f"{name}: something still needs the old key, so both stay. Run this again later.")
        return
    first = settings_file.parse(path.read_text())[name].split(",")[0]
    _put(path, name, first)
    _restart(settings, path, by_hand=not restart)
    print(f"{name}: everything is under the new key, and the old one is gone")
    print("Backups from before need the old one: keep it where the keys of backups are kept.")


def _reencrypt(command: tuple[str, ...], done_when: str, path: Path) -> bool:
    """Pass over the rows until a pass finds nothing to do. False: the rest needs the old key."""
    said = ""
    for _ in range(MOST_PASSES):
        done = subprocess.run(
            [*accounts.command_of_service_account(), sys.executable, "-m", "flask", "--app", "wsgi", *command],
            cwd=RELEASE,
            env=os.environ | settings_file.parse(path.read_text()),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ManageError(f"Both keys stay in the settings: {done.stderr.strip() or done.stdout.strip()}")
        if done_when in done.stdout or done.stdout == said:
            return done_when in done.stdout
        said = done.stdout
        print(said.strip(), flush=True)
    return False


def _put(path: Path, name: str, value: str) -> None:
    lines = path.read_text().splitlines()
    changed = [f"{name}={value}" if line.partition("=")[0].strip() == name else line for line in lines]
    if changed == lines and not any(line.startswith(f"{name}=") for line in lines):
        changed.append(f"{name}={value}")
    settings_file.replace(path, "\n".join(changed) + "\n")


def _new_key() -> str:
    return secrets.token_urlsafe(48)


def _restart(settings: config.Settings, path: Path, *, by_hand: bool) -> None:
    if by_hand or not units.has_systemd():
        print(f"Start every program anew with {path} now.", flush=True)
        return
    for program in units.in_order(units.find_programs()):
        if not units.restart(program, within=7300):
            raise ManageError(f"{program.name} does not start: journalctl -u {program.unit}")
    units.hand_over_web(lambda unit: wait_until_at_work(settings, unit))
