"""Redis behind a password, an ACL user, and Sentinel."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from powerbank.base.redis_clients import connect
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis, find_binary
from tests.nursery import wait_until


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(tmp_path, free_ports().redis)
    server.start()
    yield server
    server.stop()


def test_an_acl_user_with_its_rights_only(redis: EmbeddedRedis) -> None:
    admin = connect(redis.url(0))
    admin.acl_setuser("jobs", enabled=True, passwords=["+s3cret/word"], keys=["rq:*"], commands=["+@all", "-flushall"])
    user = connect(f"redis://jobs:s3cret%2Fword@127.0.0.1:{redis.port}/0")
    assert user.set("rq:x", "1")
    with pytest.raises(NoPermissionError):
        user.flushall()
    with pytest.raises(AuthenticationError):
        connect(f"redis://jobs:wrong@127.0.0.1:{redis.port}/0").ping()


@pytest.fixture
def sentinel(redis: EmbeddedRedis, tmp_path: Path) -> Iterator[int]:
    port = free_ports().web
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(f"port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {redis.port} 1\n")
    process = subprocess.Popen(
        [find_binary(), str(configuration), "--sentinel"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    client = connect(f"redis://127.0.0.1:{port}/0")
    wait_until(lambda: _knows_the_master(client), 5, "the sentinel knows the master")
    yield port
    process.terminate()
    process.wait()


def _knows_the_master(sentinel: Redis) -> bool:
    try:
        return bool(sentinel.execute_command("SENTINEL", "get-master-addr-by-name", "main"))
    except RedisError:
        return False


def test_an_address_of_sentinels_leads_to_the_master(redis: EmbeddedRedis, sentinel: int) -> None:
    client = connect(f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel}/main/0")
    assert client.set("a", "1")
    assert connect(redis.url(0)).get("a") == b"1"
