"""People sign in through Sentinels, with the address that the documentation names, also after the master has died."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis, SSLConnection
from redis.exceptions import RedisError
from redis.sentinel import MasterNotFoundError, SentinelConnectionPool

from config import load
from jobs.worker.messages import Advance
from powerbank import create_app
from powerbank.auth.people import otp
from powerbank.base.redis_clients import connect
from powerbank.outbox.enqueue import Outbound
from scripts import check_stack
from scripts.stack.ports import free_ports
from scripts.stack.servers.redis import EmbeddedRedis, find_binary
from tests.nursery import wait_until

pytestmark = pytest.mark.faults

SENTINELS = 3
WATCHED = """
port {port}
bind 127.0.0.1
sentinel monitor main 127.0.0.1 {master} 2
sentinel down-after-milliseconds main 60000
sentinel failover-timeout main 3000
"""


class Cluster:
    def __init__(self, master: EmbeddedRedis, replica: EmbeddedRedis, ports: list[int]) -> None:
        self.master, self.replica, self.ports = master, replica, ports

    @property
    def address(self) -> str:
        """Write the address as the table of settings gives it, with one host in front that is gone."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in (1, *self.ports))
        return f"redis+sentinel://{hosts}/main/0"

    def knows_all(self) -> bool:
        return all(self._asked(port) == (1, SENTINELS - 1) for port in self.ports)

    def notice(self) -> None:
        """Whoever does not answer now is soon taken for dead. Until then the tests see how it is without a master."""
        for port in self.ports:
            with Redis(port=port) as sentinel:
                sentinel.execute_command("SENTINEL", "SET", "main", "down-after-milliseconds", "500")

    def has_failed_over(self) -> bool:
        with Redis(port=self.replica.port) as replica:
            return replica.role()[0] == b"master"

    def _asked(self, port: int) -> tuple[int, int] | None:
        try:
            with Redis(port=port) as sentinel:
                known = sentinel.sentinel_master("main")
        except RedisError:
            return None
        return known["num-slaves"], known["num-other-sentinels"]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    program = [shutil.which("redis-sentinel") or find_binary()]
    with contextlib.ExitStack() as started:
        servers = []
        for name in ("master", "replica"):
            server = EmbeddedRedis(tmp_path / name, free_ports().redis)
            server.start()
            started.callback(server.stop)
            servers.append(server)
        master, replica = servers
        with Redis(port=replica.port) as client:
            client.replicaof("127.0.0.1", master.port)
        ports = []
        for number in range(SENTINELS):
            ports.append(free_ports().redis)
            configuration = tmp_path / f"sentinel-{number}.conf"
            configuration.write_text(WATCHED.format(port=ports[-1], master=master.port))
            process = subprocess.Popen(
                [*program, str(configuration), "--sentinel"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            started.callback(process.wait)
            started.callback(process.terminate)
        cluster = Cluster(master, replica, ports)
        wait_until(cluster.knows_all, 30, "the Sentinels know the replica and each other")
        yield cluster


def test_people_sign_in_before_and_after_a_failover(cluster: Cluster, clean: None) -> None:
    address = {"redis_url": cluster.address, "redis_cache_url": cluster.address}
    app = create_app(load().model_copy(update=address))
    client = app.test_client()
    assert ready(client) == (200, "ready", "ok")
    assert signs_in(app, client, "+9779812345671") == (202, 200)
    cluster.master.kill()
    assert client.post("/api/auth/get-otp", json={"identifier": "+9779812345672"}).status_code == 503, "fails closed"
    assert ready(client)[:2] == (200, "degraded")
    assert client.get("/api/app/countries").status_code == 200
    cluster.notice()
    wait_until(cluster.has_failed_over, 30, "the replica has become the master")
    wait_until(lambda: ready(client) == (200, "ready", "ok"), 10, "the limiter has found the new master")
    assert signs_in(app, client, "+9779812345673") == (202, 200)
    with app.app_context():
        assert check_stack.cache_store(app.config["SETTINGS"]) == "answers, and counts"
    Outbound.closed_until = 0


def test_a_worker_follows_a_failover(cluster: Cluster) -> None:
    """The connection that takes jobs is open for as long as the worker lives."""
    advance = Advance(connect(cluster.address))

    def takes_jobs() -> bool:
        try:
            return advance(["rq:queue:critical"], ["rq:worker:w", "w", "w.1", "", 0, *[""] * 8]) is None
        except RedisError:
            return False

    assert takes_jobs()
    cluster.master.kill()
    assert not takes_jobs()
    cluster.notice()
    wait_until(cluster.has_failed_over, 30, "the replica has become the master")
    wait_until(takes_jobs, 10, "the worker has found the new master")


def ready(client: FlaskClient) -> tuple[int, str, str]:
    answer = client.get("/health/ready")
    return answer.status_code, answer.get_json()["status"], answer.get_json()["checks"]["rate_limits"]


def signs_in(app: Flask, client: FlaskClient, phone: str) -> tuple[int, int]:
    asked = client.post("/api/auth/get-otp", json={"identifier": phone})
    challenge = asked.get_json(force=True).get("challenge_id")
    with app.app_context():
        body = {"challenge_id": challenge, "code": otp.derive_code(UUID(challenge))} if challenge else {}
    return asked.status_code, client.post("/api/auth/verify-otp", json=body).status_code


def test_the_check_of_the_stack_says_that_nobody_can_sign_in(context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was with this address: the Redis answered, and the limiter asked somebody else."""
    counters = context.extensions["limits"].guards
    monkeypatch.setattr(counters, "hit", lambda *_: _refuse())
    with pytest.raises(check_stack.BadPartError, match="nobody can sign in"):
        check_stack.cache_store(context.config["SETTINGS"])


def _refuse() -> None:
    raise MasterNotFoundError("No master found for 'mymaster1'")


@pytest.mark.parametrize("scheme", ["redis+sentinel", "rediss+sentinel"])
def test_every_documented_address_starts(scheme: str, clean: None) -> None:
    """Nobody answers there; that is for health to say, and no reason not to start."""
    address = f"{scheme}://user:secret@127.0.0.1:1,127.0.0.1:2/main/0?sentinel_password=x"
    app = create_app(load().model_copy(update={"redis_url": address, "redis_cache_url": address}))
    assert ready(app.test_client()) == (200, "degraded", "away")
    pool = connect(address).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    for each in (pool, *(sentinel.connection_pool for sentinel in pool.sentinel_manager.sentinels)):
        assert issubclass(each.connection_class, SSLConnection) == scheme.startswith("rediss")
