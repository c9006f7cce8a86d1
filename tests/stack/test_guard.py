"""A server that dies under `./scripts/run` comes back with its data."""

import time
from pathlib import Path

from redis import Redis

from scripts.stack.ports import free_ports
from scripts.stack.servers.guard import Guard
from scripts.stack.servers.redis import EmbeddedRedis
from tests.nursery import wait_until


def test_a_killed_server_is_started_again(tmp_path: Path) -> None:
    server = EmbeddedRedis(tmp_path, free_ports().redis)
    server.start()
    try:
        with Redis(port=server.port) as client, Guard([server]):
            client.set("kept", "yes")
            time.sleep(1.1)  # the append-only file is written through each second
            server.kill()
            wait_until(lambda: server.running, 10, "it is started again")
        with Redis(port=server.port) as client:
            assert client.get("kept") == b"yes"
    finally:
        server.stop()
    assert not server.running
