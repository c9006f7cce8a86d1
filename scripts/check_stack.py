#!/usr/bin/env python
"""Tests every part that Powerbank stands on and says what is wrong with it. Exit code 1 if anything is.

Reads the same environment as the application: run it where the application runs.
"""

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import argparse
import fcntl

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from redis import Redis
from rq.job import Job, JobStatus
from sqlalchemy import text

import config
from powerbank import create_app, startup
from powerbank.api import rate_limits
from powerbank.base import clock
from powerbank.base.db import db, new_id
from powerbank.base.redis_clients import cache_redis, queue_redis
from powerbank.ops import queries, readiness
from powerbank.outbox import catalogue, heartbeats, wire
from powerbank.outbox.catalogue.system_jobs import TICK
from scripts.stack import environment_file


class BadPartError(Exception):
    """What is wrong, in words that say what to do."""


@dataclass(frozen=True)
class Check:
    name: str
    run: Callable[[config.Settings], str]


def database(settings: config.Settings) -> str:
    server = db.session.scalar(text("SHOW server_version"))
    skew = abs(clock.seconds_host_is_ahead())
    if skew > queries.CLOCK_MAY_DIFFER:
        raise BadPartError(f"its clock and this machine's differ by {skew:.1f} s; set both by NTP")
    return f"PostgreSQL {server}"


def migrations(settings: config.Settings) -> str:
    answer = readiness.read_database_state()
    if answer not in readiness.FIT:
        raise BadPartError(f"{answer}; run `flask --app wsgi db upgrade`")
    return "at head" if answer == readiness.AT_HEAD else answer


def role(settings: config.Settings) -> str:
    owned = db.session.scalar(text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user"))
    name = db.session.scalar(text("SELECT current_user"))
    if owned and settings.production:
        raise BadPartError(
            f"{name} owns {owned} tables; give the application a role of its own, see DATABASE_OWNER_URL"
        )
    return f"{name} owns {owned or 'no'} tables"


def queue_store(settings: config.Settings) -> str:
    redis = queue_redis()
    policy = _setting(redis, "maxmemory-policy")
    if policy not in ("noeviction", None):
        raise BadPartError(f"maxmemory-policy is {policy}; queues need noeviction, or jobs vanish silently")
    if _setting(redis, "appendonly") == "no":
        raise BadPartError("appendonly is off; a restart would make every waiting job late")
    return f"Redis {redis.info('server')['redis_version']}"


def cache_store(settings: config.Settings) -> str:
    cache_redis().ping()
    counting = rate_limits.check_state()
    if counting != "ok":
        raise BadPartError(f"{counting} when a rate limit is to be counted; nobody can sign in")
    return "answers, and counts"


def broker(settings: config.Settings) -> str:
    if settings.mqtt_url is None:
        raise BadPartError("MQTT_URL is not set; no station can speak to this network")
    parts = urlsplit(settings.mqtt_url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set(parts.username, parts.password)
    if parts.scheme == "mqtts":
        client.tls_set()
    answers: list[str] = []
    client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.append(str(reason))
    try:
        client.connect(parts.hostname or "127.0.0.1", parts.port or (8883 if parts.scheme == "mqtts" else 1883))
        deadline = time.monotonic() + 5
        while not answers and time.monotonic() < deadline:
            client.loop(0.1)
    finally:
        client.disconnect()
    if answers != ["Success"]:
        raise BadPartError(f"refused us: {answers[0] if answers else 'no answer in 5 s'}")
    return "lets us in"


def workers(settings: config.Settings) -> str:
    alive = heartbeats.find_living("worker")
    unserved = [lane for lane in catalogue.lanes_in_use() if not any(lane in worker.queues for worker in alive)]
    if unserved:
        raise BadPartError(f"no worker on {', '.join(unserved)}; start scripts/worker.py for them")
    return f"{len(alive)} alive, every queue served"


def scheduler(settings: config.Settings) -> str:
    alive = heartbeats.find_living("scheduler")
    if not alive:
        raise BadPartError("none is alive; start scripts/scheduler.py")
    return f"{len(alive)} alive"


def daemon(settings: config.Settings) -> str:
    if settings.mqtt_url is None:
        return "not needed, as MQTT_URL is not set"
    alive = heartbeats.find_living("mqtt")
    if not alive:
        raise BadPartError("none is alive; start scripts/mqtt_daemon.py")
    if not any(each.listens for each in alive):
        raise BadPartError("none listens; can it reach the broker at MQTT_URL?")
    return f"{len(alive)} alive"


def live(settings: config.Settings) -> str:
    """A ticket that nobody made is refused by the live process itself, so the way to it is open."""
    alive = heartbeats.find_living("live")
    if not alive:
        raise BadPartError("none is alive; start scripts/live.py, or screens are up to 20 s behind")
    answered = _status(f"{settings.live_address}/live/stream?ticket=none")
    if answered != HTTPStatus.FORBIDDEN:
        raise BadPartError(
            f"{settings.live_address}/live/stream answers {answered}; LIVE_URL, or the proxy at PUBLIC_URL, must lead "
            "to a live process"
        )
    return f"{len(alive)} alive, streams at {settings.live_address}"


def round_trip(settings: config.Settings) -> str:
    """A tick is harmless at any time: it starts what is due, and nothing twice."""
    message = wire.Message(f"check-{new_id()}", TICK.name)
    began = time.monotonic()
    wire.push([message])
    while time.monotonic() < began + 10:
        if queue_redis().hget(Job.key_for(message.id), "status") == JobStatus.FINISHED.value.encode():
            return f"{(time.monotonic() - began) * 1000:.0f} ms from push to done"
        time.sleep(0.01)
    raise BadPartError("a job pushed was not done after 10 s; are workers connected to this Redis?")


def web(settings: config.Settings) -> str:
    try:
        with urllib.request.urlopen(f"{settings.public_url}/health/ready", timeout=5) as answer:  # noqa: S310
            return f"{settings.public_url} answers {answer.status}"
    except urllib.error.HTTPError as refused:
        raise BadPartError(f"{settings.public_url}/health/ready answers {refused.code}") from None


def monitors(settings: config.Settings) -> str:
    """From here the proxy's address leads through the proxy, as it does for a stranger."""
    address, token = f"{settings.public_url}/health/queues", settings.monitor_token.get_secret_value()
    if token and _status(address, token) == HTTPStatus.UNAUTHORIZED:
        raise BadPartError(f"{address} refuses MONITOR_TOKEN; does the web have the same one?")
    if urlsplit(address).scheme == "https" and _status(address) != HTTPStatus.UNAUTHORIZED:
        raise BadPartError(f"{address} answers strangers; the proxy must send X-Forwarded-For")
    return "strangers are refused" if urlsplit(address).scheme == "https" else "answered on this machine"


def _status(address: str, token: str | None = None) -> int:
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"} if token else {})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=5) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def backlog(settings: config.Settings) -> str:
    state = queries.read_queue_health()
    if state.alerts:
        raise BadPartError("; ".join(problem.detail for problem in state.alerts))
    return f"{sum(state.queue_lengths.values())} jobs waiting, oldest {state.oldest_age_s:.0f} s"


CHECKS = (
    Check("database", database),
    Check("migrations", migrations),
    Check("database role", role),
    Check("queue Redis", queue_store),
    Check("cache Redis", cache_store),
    Check("MQTT broker", broker),
    Check("workers", workers),
    Check("scheduler", scheduler),
    Check("daemon", daemon),
    Check("live", live),
    Check("job round trip", round_trip),
    Check("web", web),
    Check("monitors", monitors),
    Check("jobs", backlog),
)


def use_environment_of_run(data: Path) -> bool:
    """The settings of `./scripts/run` stand in its data folder, which it holds locked while it runs."""
    settings = environment_file.read(data)
    try:
        with (data / "lock").open("a") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        os.environ.update(settings)
        return True
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the data folder of the `./scripts/run` that is meant")
    asked = parser.parse_args()
    data = asked.data or Path(__file__).parents[1] / ".powerbank"
    if (asked.data or "DATABASE_URL" not in os.environ) and not use_environment_of_run(data):
        print(f"No ./scripts/run runs on {data}. Say which with --data, or set DATABASE_URL and the rest.")
        return 1
    try:
        settings = config.load()
    except config.ConfigurationError as refused:
        print(refused)
        return 1
    bad = 0
    app = create_app(settings, rules=False)
    startup.init_migrations(app)
    rate_limits.init_app(app)
    with app.app_context():
        for check in CHECKS:
            try:
                mark, words = "ok ", check.run(settings)
            except Exception as error:  # whatever a broken part raises is what we are here to tell
                bad += 1
                mark, words = "BAD", str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
            db.session.rollback()
            print(f"{mark}  {check.name:<15} {words}", flush=True)
    print("everything answers" if not bad else f"{bad} of {len(CHECKS)} parts need attention")
    return int(bool(bad))


def _setting(redis: Redis, name: str) -> str | None:
    """None where the server does not let us ask, as hosted ones often do not."""
    try:
        answer = redis.config_get(name)
    except Exception:
        return None
    return answer.get(name)


if __name__ == "__main__":
    sys.exit(main())
