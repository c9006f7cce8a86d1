"""Where a document is: staged, in its store, and at last nowhere. It can be read until then, whatever dies."""

from typing import Any

import pytest
from flask import Flask

from jobs.worker import runtime
from powerbank.base.db import db, utcnow
from powerbank.integrations.documents.client import LocalDocuments
from powerbank.kyc import services
from powerbank.kyc.documents import places as documents
from scripts.sandbox.server import Sandbox
from tests.kyc.conftest import Desk
from tests.kyc.steps import Killed, Work, at_once, forget, jobs, places


def test_the_job_takes_documents_to_the_store(desk: Desk, work: Work) -> None:
    submission_id = desk.submitted(desk.join())
    assert desk.view(submission_id).status_code == 200
    before = desk.view(submission_id).data
    assert desk.files() == []
    work()
    assert places(desk) == [(False, True, False)] * 2
    assert len(desk.files()) == 2
    assert desk.view(submission_id).data == before
    assert jobs(desk, "process_kyc_submission") == [("done", None)]


def test_in_the_store_and_in_the_database_there_is_no_picture(desk: Desk, work: Work) -> None:
    desk.submitted(desk.join())
    for row in desk.rows("SELECT staged FROM kyc_documents"):
        assert b"\xff\xd8\xff" not in bytes(row.staged)
        assert b"JFIF" not in bytes(row.staged)
    work()
    for path in desk.files():
        assert b"\xff\xd8\xff" not in path.read_bytes()
        assert b"JFIF" not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600


def test_documents_go_to_cloudinary_in_the_same_way(desk: Desk, work: Work, use_cloudinary: None) -> None:
    submission_id = desk.submitted(desk.join())
    before = desk.view(submission_id).data
    work()
    assert places(desk) == [(False, True, False)] * 2
    assert desk.files() == []
    assert desk.view(submission_id).data == before
    forget(desk)
    work()
    assert places(desk) == [(False, False, True)] * 2


def test_each_document_knows_its_store(desk: Desk, work: Work, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    submission_id = desk.submitted(desk.join())
    work()
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"document_store": "cloudinary"}))
    assert desk.view(submission_id).status_code == 200


def test_a_store_that_is_away_costs_a_while_and_no_document(
    desk: Desk, work: Work, sandbox: Sandbox, use_cloudinary: None
) -> None:
    sandbox.faults.set("cloudinary", "unavailable", times=1)
    submission_id = desk.submitted(desk.join())
    work()
    assert places(desk) == [(True, False, False)] * 2
    assert desk.view(submission_id).status_code == 200
    at_once(desk)
    work()
    assert places(desk) == [(False, True, False)] * 2
    sandbox.faults.set("cloudinary", "unavailable", times=1)
    away = desk.view(submission_id)
    assert (away.status_code, away.get_json()["code"]) == (503, "document_store_away")
    assert away.headers["Retry-After"]
    assert desk.view(submission_id).status_code == 200


def test_a_store_that_refuses_leaves_documents_staged(
    desk: Desk, work: Work, sandbox: Sandbox, use_cloudinary: None
) -> None:
    sandbox.faults.set("cloudinary", "not_allowed")
    submission_id = desk.submitted(desk.join())
    work()
    assert jobs(desk, "process_kyc_submission") == [("dead", "refused")]
    assert desk.view(submission_id).status_code == 200
    assert desk.approve(submission_id).status_code == 200


@pytest.mark.parametrize("killed_at", [1, 2])
def test_a_job_killed_after_a_put_is_completed_by_the_next(
    desk: Desk, work: Work, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    """Between what the store has done and what we have noted of it."""
    submission_id = desk.submitted(desk.join())
    puts: list[str] = []
    put = LocalDocuments.put

    def put_and_die(self: LocalDocuments, key: str, content: bytes) -> None:
        put(self, key, content)
        puts.append(key)
        if len(puts) == killed_at:
            raise Killed

    monkeypatch.setattr(LocalDocuments, "put", put_and_die)
    (row,) = desk.rows("SELECT id FROM outbox_jobs WHERE job = 'process_kyc_submission'")
    with desk.app.app_context(), pytest.raises(Killed):
        runtime.run("process_kyc_submission", str(row.id), worker="dead")
    assert places(desk) == [(True, False, False)] * 2
    assert desk.view(submission_id).status_code == 200
    desk.change("UPDATE outbox_jobs SET claimed_by = NULL")
    at_once(desk)
    work()
    assert places(desk) == [(False, True, False)] * 2
    assert len(puts) == 3  # the one that was not noted, twice
    assert len(desk.files()) == 2  # and it is one file
    assert desk.view(submission_id).status_code == 200


def test_a_crash_before_the_commit_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    headers = desk.join()

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(services, "enqueue", die)
        with pytest.raises(Killed):
            desk.send(headers)
    for table in ("kyc_submissions", "kyc_documents", "kyc_records"):
        assert desk.rows(f"SELECT 1 FROM {table}") == []
    assert desk.rows("SELECT 1 FROM outbox_jobs WHERE job = 'process_kyc_submission'") == []
    assert desk.files() == []
    assert desk.own(headers)["status"] == "none"
    assert desk.send(headers).status_code == 202


def test_every_document_is_read_from_where_it_is_now(desk: Desk, work: Work) -> None:
    """A link that was opened before the job ran works after it, too."""
    submission_id = desk.submitted(desk.join())
    url = desk.links(submission_id).get_json()["front"]["url"]
    first = desk.client.get(url).data
    work()
    assert desk.client.get(url).data == first
    forget(desk)
    assert desk.client.get(url).status_code == 410


def test_a_file_that_is_missing_is_a_503_and_no_trace(desk: Desk, work: Work) -> None:
    submission_id = desk.submitted(desk.join())
    work()
    for path in desk.files():
        path.unlink()
    answer = desk.view(submission_id)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "document_store_away")
    with desk.app.app_context():
        assert documents.list_due_deletions(user_id=desk.user_id(), now=utcnow()) == []
        db.session.rollback()
