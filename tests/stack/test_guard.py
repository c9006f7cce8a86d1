"""A server that dies under `./scripts/run` comes back with its data."""

import time
from pathlib import Path

from redis import Redis

from scripts.stack.guard import Guard
from scripts.stack.ports import free_ports
from scripts.stack.redis import EmbeddedRedis


def test_a_killed_server_is_started_again(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path, free_ports().redis)
    server.start()
    try:
        with Redis(port=server.port) as client, Guard([server]):
            client.set("kept", "yes")
            time.sleep(1.1)  # the append-only file is written through each second
            server.kill()
            deadline = time.monotonic() + 10
            while not server.running and time.monotonic() < deadline:
                time.sleep(0.05)
        with Redis(port=server.port) as client:
            assert client.get("kept") == b"yes"
    finally:
        server.stop()
    assert not server.running
