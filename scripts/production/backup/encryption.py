"""Encrypts what leaves this machine, with age: who makes backups needs the public key only, who restores the private
one. `age --decrypt --identity backup.key FILE` reads each file by hand as well."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from scripts.production.errors import ManageError


def find_age() -> str:
    found = shutil.which("age")
    if found is None:
        raise ManageError("age is missing, which encrypts backups: apt install age.")
    return found


def read_complaint(program: "subprocess.Popen[bytes]") -> str:
    """Read what a program says on its error output, to the end."""
    return cast("IO[bytes]", program.stderr).read().decode(errors="replace").strip()


@contextmanager
def encrypted(target: Path, *, recipients: Path) -> Iterator[IO[bytes]]:
    """Give what is written into; the file has its encryption. The file is gone if the writing fails."""
    if not recipients.exists():
        raise ManageError(
            f"{recipients} is missing, with the public key of backups: `age-keygen -o backup.key`, then "
            f"`age-keygen -y backup.key > {recipients}`."
        )
    command = [find_age(), "--encrypt", "--recipients-file", str(recipients), "--output", str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as age:
        into = cast("IO[bytes]", age.stdin)
        try:
            yield into
            into.close()
        except BaseException:
            age.kill()
            target.unlink(missing_ok=True)
            raise
        said = read_complaint(age)
        if age.wait():
            target.unlink(missing_ok=True)
            raise ManageError(f"age could not write {target}: {said}")


@contextmanager
def decrypted(source: Path, *, key: Path) -> Iterator[IO[bytes]]:
    """Give what is in the file. It fails at the end if not all of it was what had been encrypted."""
    if not key.exists():
        raise ManageError(f"{key} is missing, the private key of backups (BACKUP_KEY).")
    command = [find_age(), "--decrypt", "--identity", str(key), str(source)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as age:
        out = cast("IO[bytes]", age.stdout)
        try:
            yield out
        except BaseException:
            age.kill()
            raise
        out.read()
        said = read_complaint(age)
        if age.wait():
            raise ManageError(f"{source} cannot be read: {said}")
