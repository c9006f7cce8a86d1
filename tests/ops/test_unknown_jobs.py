"""A job that the catalogue does not know is left to newer programs for a while, as during an update, and ends as a
dead letter then instead of going round for ever."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from powerbank.base.db import db, new_id, transaction
from powerbank.base.redis_clients import queue_redis
from powerbank.outbox import relay


def state_after_a_sweep(redis_remembers: bool) -> tuple[str, str | None]:
    if redis_remembers:
        queue_redis().set(relay.EPOCH_KEY, "x")
    else:
        queue_redis().delete(relay.EPOCH_KEY)
    relay.redeliver_stranded()
    state, cause = db.session.execute(text("SELECT state, cause FROM outbox_jobs")).one()
    return state, cause


@pytest.mark.parametrize("redis_remembers", [True, False])
def test_the_sweep_buries_it_and_requeueing_is_refused(
    app: Flask, client: FlaskClient, staff_headers: Callable[..., dict[str, str]], redis_remembers: bool
) -> None:
    job_id = str(new_id())
    with app.app_context():
        with transaction() as session:
            columns = "(id, job, queue, arguments, lease_until)"
            insert = f"INSERT INTO outbox_jobs {columns} VALUES (:id, 'gone', 'default', '{{}}', now())"
            session.execute(text(insert), {"id": job_id})
        assert state_after_a_sweep(redis_remembers) == ("open", None)
        with transaction() as session:
            session.execute(text("UPDATE outbox_jobs SET created_at = now() - interval '11 min', lease_until = now()"))
        assert state_after_a_sweep(redis_remembers) == ("dead", "undeliverable")
    refused = client.post(f"/api/admin/system/jobs/{job_id}/requeue", headers=staff_headers())
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (409, "job_unknown")
