"""Nothing secret is where it does not belong, after everything that sign-ins do has been done once, and failed once.

Looked into: logs, arguments and errors of jobs, every key and value in Redis, the audit log, rq-dashboard's pages.
"""

import base64
import binascii
import contextlib
import io
import json
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from uuid import UUID

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from powerbank.auth.people import otp
from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base import logs
from powerbank.base.db import db, transaction
from powerbank.base.redis_clients import cache_redis, queue_redis
from scripts.sandbox.server import Sandbox
from tests.admin.test_console_pages import token_of
from tests.auth.conftest import bearer

PHONE, MAIL = "+9779812345678", "sita.canary@example.com"
STAFF, PASSWORD, WRONG = "boss.canary@example.com", "canary password one", "canary password wrong"
Work = Callable[..., None]
Secrets = dict[str, str]
Told = Callable[[], str]


@pytest.fixture
def told(client: FlaskClient, sandbox: Sandbox) -> Iterator[Told]:
    """Record what is logged, as production writes it, at the most detailed level."""
    logs.configure("json", "DEBUG")
    (handler,) = (each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler)
    written = io.StringIO()
    handler.setStream(written)
    yield written.getvalue
    logs.configure("console", "WARNING")
    sandbox.faults.clear()
    sandbox.messages.clear()


def staff_signs_in(app: Flask, client: FlaskClient) -> Secrets:
    """Sign staff in by every way.

    The ways are password, wrong password, enrolment, code, recovery code, refresh, new password, reset and console.
    """
    with app.app_context(), transaction():
        administration.ensure_staff(email=STAFF, password=PASSWORD, role=Role.SUPERADMIN)
    login, account = "/api/admin/auth/login", "/api/admin/auth"
    client.post(login, json={"email": STAFF, "password": WRONG})
    first = client.post(login, json={"email": STAFF, "password": PASSWORD})
    secret = client.post(f"{account}/totp", headers=bearer(first)).get_json()["secret"]
    code = pyotp.TOTP(secret).now()
    confirmed = client.post(f"{account}/totp/confirm", json={"code": code}, headers=bearer(first))
    codes = confirmed.get_json()["recovery_codes"]
    client.post(login, json={"email": STAFF, "password": PASSWORD})
    client.post(login, json={"email": STAFF, "password": PASSWORD, "totp": "zzzzz-zzzzz"})
    second = client.post(login, json={"email": STAFF, "password": PASSWORD, "totp": codes[0]})
    renewed = client.post(f"{account}/refresh", json={"refresh_token": second.get_json()["refresh_token"]})
    client.post(f"{account}/refresh", json={"refresh_token": "wrong" + second.get_json()["refresh_token"]})
    changed = client.post(
        f"{account}/password", json={"current": PASSWORD, "new": "canary password two"}, headers=bearer(renewed)
    )
    hired = client.post(
        "/api/admin/staff", json={"email": "new.canary@example.com", "role": "viewer"}, headers=bearer(renewed)
    )
    form = {"email": STAFF, "password": "canary password two", "totp": codes[1]}
    token = token_of(client.get("/console/login"))
    entered = client.post("/console/login", data=form | {"csrf_token": token})
    assert [answer.status_code for answer in (first, confirmed, second, renewed, changed, hired, entered)] == [
        200,
        200,
        200,
        200,
        204,
        201,
        302,
    ]
    return {
        "password": PASSWORD,
        "wrong password": WRONG,
        "new password": "canary password two",
        "initial password": hired.get_json()["password"],
        "TOTP secret": secret,
        **{f"recovery code {number}": each for number, each in enumerate(codes)},
        **tokens("staff's first", first.get_json()),
        **tokens("staff's second", second.get_json()),
        **tokens("staff's renewed", renewed.get_json()),
    }


def person_signs_in(app: Flask, client: FlaskClient, sandbox: Sandbox, work: Work) -> Secrets:
    """Sign a person in by an SMS that fails once and an e-mail that is refused.

    The person registers, comes back, is looked up and banned.
    """
    sandbox.faults.set("sparrow", "drop", times=1)
    sandbox.faults.set("smtp", "permanent", times=1)
    challenges = {}
    for identifier in (PHONE, MAIL):
        asked = client.post("/api/auth/get-otp", json={"identifier": identifier})
        challenges[identifier] = asked.get_json()["challenge_id"]
    work()
    with app.app_context():
        codes = {identifier: otp.derive_code(UUID(each)) for identifier, each in challenges.items()}
    body = {"challenge_id": challenges[PHONE], "code": codes[PHONE]}
    verified = client.post("/api/auth/verify-otp", json=body)
    ticket = verified.get_json()["verification_token"]
    joined = client.post("/api/auth/register", json={"verification_token": ticket, "username": "sita"})
    renewed = client.post("/api/auth/refresh", json={"refresh_token": joined.get_json()["refresh_token"]})
    client.get("/api/users/me", headers={"Authorization": f"Bearer {joined.get_json()['access_token']}x"})
    assert (verified.status_code, joined.status_code, renewed.status_code) == (200, 201, 200)
    return {
        "phone": PHONE,
        "phone without country": PHONE.removeprefix("+977"),
        "e-mail": MAIL,
        "code by SMS": codes[PHONE],
        "code by e-mail": codes[MAIL],
        "verification": ticket,
        **tokens("person's first", joined.get_json()),
        **tokens("person's renewed", renewed.get_json()),
    }


def staff_looks_up_and_bans(app: Flask, client: FlaskClient, headers: dict[str, str], work: Work) -> None:
    found = client.get("/api/admin/users", query_string={"q": PHONE}, headers=headers).get_json()["items"]
    assert [item["phone"] for item in found] == [PHONE]
    body = {"status": "banned", "reason": "canary"}
    assert client.post(f"/api/admin/users/{found[0]['id']}/status", json=body, headers=headers).status_code == 200
    work()


def tokens(whose: str, body: dict[str, str]) -> Secrets:
    return {f"{whose} {name}": body[name] for name in ("access_token", "refresh_token")}


def in_database(app: Flask) -> str:
    with app.app_context():
        tables = ("audit_log", "outbox_jobs", "outbox_steps", "ops_alerts", "idempotency_keys")
        rows = [db.session.execute(text(f"SELECT t::text FROM {table} t")).scalars().all() for table in tables]
        assert rows[0]
        assert rows[1]
    return "\n".join(row for table in rows for row in table)


def in_redis(app: Flask) -> str:
    with app.app_context():
        found = [everything(client) for client in (queue_redis(), cache_redis())]
    assert "send_otp" in found[0]
    return "\n".join(found)


def everything(redis: Redis) -> str:
    """Read all keys and values of Redis. RQ compresses the data of its jobs."""
    parts: list[bytes] = []
    for key in redis.scan_iter():
        kind = redis.type(key)
        parts.append(key)
        if kind == b"string":
            parts.append(redis.get(key) or b"")
        elif kind == b"hash":
            parts += [each for pair in redis.hgetall(key).items() for each in pair]
        elif kind == b"list":
            parts += redis.lrange(key, 0, -1)
        elif kind == b"set":
            parts += redis.smembers(key)
        elif kind == b"zset":
            parts += redis.zrange(key, 0, -1)
        elif kind == b"stream":
            parts += [value for _, fields in redis.xrange(key) for value in fields.values()]
        else:
            raise AssertionError(f"cannot look into {kind!r}")
    return "\n".join(unpacked(part).decode(errors="replace") for part in parts)


def unpacked(value: bytes) -> bytes:
    for encoded in (lambda: value, lambda: base64.b64decode(value, validate=True)):
        with contextlib.suppress(zlib.error, binascii.Error):
            return zlib.decompress(encoded())
    return value


def in_dashboard(client: FlaskClient) -> str:
    pages = ["/ops/rq/", "/ops/rq/0/data/queues.json", "/ops/rq/0/data/workers.json"]
    seen, jobs = [], set()
    for queue in ("critical", "default"):
        for registry in ("queued", "started", "failed", "finished", "deferred", "scheduled", "canceled"):
            pages.append(f"/ops/rq/0/data/jobs/{queue}/{registry}/100/asc/1.json")
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        seen.append(answer.text)
        if "/data/jobs/" in page:
            jobs |= {job["id"] for job in json.loads(answer.text)["jobs"]}
    assert len(jobs) >= 3
    for job in jobs:
        for page in (f"/ops/rq/0/data/job/{job}.json", f"/ops/rq/0/view/job/{job}"):
            answer = client.get(page)
            assert answer.status_code == 200, page
            seen.append(answer.text)
    return "\n".join(seen)


def test_no_secret_is_where_it_does_not_belong(
    app: Flask, client: FlaskClient, work: Work, sandbox: Sandbox, told: Told
) -> None:
    secrets = staff_signs_in(app, client) | person_signs_in(app, client, sandbox, work)
    headers = {"Authorization": "Bearer " + secrets["staff's renewed access_token"]}
    staff_looks_up_and_bans(app, client, headers, work)
    dashboard = in_dashboard(client)
    logged = told()
    assert '"event": "request"' in logged
    places = {"logs": logged, "database": in_database(app), "redis": in_redis(app), "dashboard": dashboard}
    found = [
        (name, place)
        for name, secret in secrets.items()
        for place, written in places.items()
        if occurs(secret, written)
    ]
    assert found == []
    kept_by_audit = {"staff e-mail": "new.canary@example.com"}  # who was hired is what the audit log is for
    assert all(value in places["database"] for value in kept_by_audit.values())


def occurs(secret: str, written: str) -> bool:
    """Tell whether a secret occurs.

    Six digits may stand inside a longer number or an id by chance, so a code must stand alone.
    """
    if secret.isdigit() and len(secret) == 6:
        return re.search(rf"(?<![0-9a-f.-]){secret}(?![0-9a-f-])", written) is not None
    return secret in written


@pytest.mark.parametrize("place", ["log", "redis", "audit", "job"])
def test_the_search_finds_a_planted_canary(app: Flask, client: FlaskClient, told: Told, place: str) -> None:
    """Each canary is put where it must not be, and is seen there."""
    from powerbank.base import audit
    from powerbank.outbox.enqueue import enqueue
    from tests import sample_jobs

    canary = "canary-0f8a"
    with app.app_context(), transaction():
        audit.record(actor="x", action="x", object_kind="x", object_id=canary if place == "audit" else "x")
        enqueue(sample_jobs.EFFECT, key=canary if place == "job" else "send_otp")
    with app.app_context():
        queue_redis().hset("rq:job:x", "data", zlib.compress(f"send_otp {canary if place == 'redis' else ''}".encode()))
        app.logger.warning("something %s", canary if place == "log" else "")
    written = {"log": told(), "redis": in_redis(app), "database": in_database(app)}
    assert [name for name, each in written.items() if occurs(canary, each)] == [
        {"audit": "database", "job": "database"}.get(place, place)
    ]
