"""The embedded Redis keeps what it acknowledged for a second, and says so when it cannot start."""

import time
from pathlib import Path

import pytest
import redis

from scripts.stack.errors import StackError
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis

pytestmark = pytest.mark.faults


@pytest.fixture
def server(data_dir: Path) -> EmbeddedRedis:
    return EmbeddedRedis(data_dir, free_ports().redis)


def client_of(server: EmbeddedRedis) -> "redis.Redis":
    return redis.Redis.from_url(server.url(), socket_timeout=1, retry=None)


def test_keeps_its_data_through_kill_with_a_torn_file(server: EmbeddedRedis) -> None:
    server.start()
    try:
        with client_of(server) as client:
            client.rpush("queue", "one", "two")
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        time.sleep(1.2)
        server.kill()
        newest = max(server.folder.rglob("*.aof"), key=lambda path: path.stat().st_mtime)
        with newest.open("ab") as file:
            file.write(b"*3\r\n$5\r\nRPUSH\r\n$5\r\nque")
        server.start()
        with client_of(server) as client:
            assert client.lrange("queue", 0, -1) == [b"one", b"two"]
    finally:
        server.stop()


def test_takes_over_wipes_and_pauses(server: EmbeddedRedis) -> None:
    server.start()
    later = EmbeddedRedis(server.data_dir, server.port)
    later.start()
    try:
        assert not server.running
        with client_of(later) as client:
            client.set("key", "value")
            later.pause()
            with pytest.raises(redis.exceptions.TimeoutError):
                client.get("key")
            later.resume()
            assert client.get("key") == b"value"
        later.stop()
        later.wipe()
        later.start()
        with client_of(later) as client:
            assert client.get("key") is None
    finally:
        later.stop()


def test_a_damaged_file_is_one_sentence_below_the_log(server: EmbeddedRedis) -> None:
    server.start()
    server.stop()
    for path in server.folder.rglob("*.aof"):
        path.write_text("not a command\r\n" * 5)
    with pytest.raises(StackError, match=r"(?s)Bad file format.*\nRedis ended at once; its log is .*redis\.log"):
        server.start()
