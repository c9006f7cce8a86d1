"""Documents in a folder of this machine. They come encrypted, and a file is there as a whole or not at all."""

import os
import re
import tempfile
from pathlib import Path

from powerbank.integrations.errors import VendorError, VendorRefusedError

_KEY = re.compile(r"[0-9a-f]{32}")


class LocalDocuments:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=f"{key}.", dir=path.parent)  # 0600
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).rename(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            _flush_folder(path.parent)  # the name must outlive a loss of power, too
            _flush_folder(self._folder)
        except OSError as error:
            raise VendorError(f"documents: {error.strerror}") from None

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise VendorRefusedError("documents: there is no such document") from None
        except OSError as error:
            raise VendorError(f"documents: {error.strerror}") from None

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            for unfinished in path.parent.glob(f"{key}.*"):  # left by a `put` that was killed
                unfinished.unlink(missing_ok=True)
            if path.parent.is_dir():
                _flush_folder(path.parent)
        except OSError as error:
            raise VendorError(f"documents: {error.strerror}") from None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise VendorRefusedError("documents: this is not a key")
        return self._folder / key[:2] / key


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
