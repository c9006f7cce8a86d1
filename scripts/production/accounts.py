"""The account that the programs run as. What touches data runs as it too: PostgreSQL and the backups' folder know no
other."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

NAME = "powerbank"


def _find() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(NAME) if os.geteuid() == 0 else None
    except KeyError:
        return None


def become_service_account() -> None:
    """Give root's rights up for good, where this machine has the account."""
    if account := _find():
        os.initgroups(NAME, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.environ["HOME"] = account.pw_dir


@contextmanager
def as_service_account() -> Iterator[None]:
    """Act as the account for a while, as for a few rows in the database."""
    account = _find()
    if account is None:
        yield
        return
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def command_of_service_account() -> list[str]:
    return ["runuser", "-u", NAME, "--"] if _find() else []
