"""Where a document is: staged, in its store, and at last nowhere. It can be read until then, whatever dies."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select

from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.documents.client import LocalDocuments
from powerbank.kyc import documents, services
from powerbank.kyc.document_store import get_store
from powerbank.kyc.models import KycDocument
from powerbank.outbox import relay
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import OutboxJob
from scripts.sandbox.server import Sandbox
from tests.kyc.conftest import Desk

Work = Callable[..., None]


class Killed(BaseException):
    """Ends whatever runs, as a signal would: nothing between here and the top takes it."""


@pytest.fixture
def use_cloudinary(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"document_store": "cloudinary"}))


def forget(desk: Desk, username: str = "sita") -> None:
    user_id = desk.user_id(username)
    with desk.app.app_context(), transaction():
        services.forget_identity(user_id=user_id, now=utcnow())


def at_once(desk: Desk) -> None:
    """As if the waiting before the next try were over."""
    desk.change("UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE state = 'open'")
    with desk.app.app_context():
        relay.send_all_open_jobs()


def places(desk: Desk) -> list[tuple[bool, bool, bool]]:
    found = desk.rows("SELECT staged IS NOT NULL, stored_at IS NOT NULL, deleted_at IS NOT NULL FROM kyc_documents")
    return [tuple(row) for row in found]


def jobs(desk: Desk, name: str) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in desk.rows(f"SELECT state, cause FROM outbox_jobs WHERE job = '{name}'")]


def test_the_job_takes_them_to_the_store(desk: Desk, work: Work) -> None:
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


def test_the_same_at_cloudinary(desk: Desk, work: Work, use_cloudinary: None) -> None:
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


def test_a_store_that_says_no_leaves_them_where_they_are(
    desk: Desk, work: Work, sandbox: Sandbox, use_cloudinary: None
) -> None:
    sandbox.faults.set("cloudinary", "not_allowed")
    submission_id = desk.submitted(desk.join())
    work()
    assert jobs(desk, "process_kyc_submission") == [("dead", "refused")]
    assert desk.view(submission_id).status_code == 200
    assert desk.approve(submission_id).status_code == 200


@pytest.mark.parametrize("killed_at", [1, 2])
def test_killed_after_a_put_the_job_is_done_by_the_next(
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


def test_a_forgotten_person_leaves_dates_only(desk: Desk, work: Work) -> None:
    headers = desk.join()
    first = desk.submitted(headers)
    desk.reject(first, "Your number is not 27.")
    second = desk.submitted(headers)
    work()
    assert len(desk.files()) == 4
    forget(desk)
    assert desk.links(second).status_code == 410  # before any job has run
    assert desk.rows("SELECT 1 FROM kyc_records") == []
    assert desk.profile(headers)["kyc_status"] == "none"
    for row in desk.rows("SELECT number, reason FROM kyc_submissions"):
        assert tuple(row) == (None, None)
    work()
    assert desk.files() == []
    assert set(places(desk)) == {(False, False, True)}
    assert desk.queue() == []
    shown = desk.client.get(f"/api/admin/kyc/{second}", headers=desk.staff).get_json()
    assert (shown["status"], shown["citizenship_number"]) == ("withdrawn", None)
    assert desk.approve(second).status_code == 409
    # And the number is free.
    assert desk.send(desk.join("hari")).status_code == 202


def test_forgetting_touches_nobody_else(desk: Desk, work: Work) -> None:
    desk.submitted(desk.join("sita"))
    other = desk.submitted(desk.join("hari"), "11-22-33")
    work()
    forget(desk)
    forget(desk)
    work()
    assert len(desk.files()) == 2
    assert desk.view(other).status_code == 200


def test_forgotten_before_they_were_stored(desk: Desk, work: Work) -> None:
    desk.submitted(desk.join())
    forget(desk)
    assert desk.rows("SELECT 1 FROM kyc_documents WHERE staged IS NOT NULL") == []
    work()
    assert desk.files() == []
    assert set(places(desk)) == {(False, False, True)}
    assert {state for state, _ in jobs(desk, "delete_documents")} == {"done"}


def test_forgotten_and_deleted_while_the_store_was_being_given_them(
    desk: Desk, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The put comes last: without care, the document of a person who is gone would lie there for ever."""
    desk.submitted(desk.join())
    put = LocalDocuments.put
    late: list[str] = []

    def slow_put(self: LocalDocuments, key: str, content: bytes) -> None:
        if not late:
            late.append(key)
            with desk.app.app_context():
                forget(desk)
                (row,) = desk.rows("SELECT id FROM outbox_jobs WHERE job = 'delete_documents'")
                runtime.run("delete_documents", str(row.id), worker="other")
                assert set(places(desk)) == {(False, False, True)}
        put(self, key, content)

    monkeypatch.setattr(LocalDocuments, "put", slow_put)
    work()
    assert late
    assert desk.files() == []
    assert set(places(desk)) == {(False, False, True)}
    assert len(jobs(desk, "delete_documents")) == 2


def test_put_between_a_deletion_and_its_note(desk: Desk, work: Work) -> None:
    """The note must not say of the document that it is gone."""
    submission_id = UUID(desk.submitted(desk.join()))
    user_id = desk.user_id()
    began = utcnow()
    with desk.app.app_context():
        with transaction() as session:
            ids = list(session.scalars(select(KycDocument.id)))
            services.forget_identity(user_id=user_id, now=began)
        for document_id in ids:
            documents.delete_document(document_id)
            get_store("local").put(db.session.get_one(KycDocument, document_id).key, b"late")
        with transaction():
            documents.record_stored(submission_id, now=utcnow())
        with transaction():
            documents.record_deleted(ids, due_at=began, now=utcnow())
    assert len(desk.files()) == 2
    with desk.app.app_context(), transaction() as session:
        session.execute(delete(OutboxJob))
        enqueue(account_jobs.DELETE_OLD_DOCUMENTS)
    work()
    assert desk.files() == []
    assert set(places(desk)) == {(False, False, True)}


def test_rejected_documents_are_deleted_after_thirty_days(desk: Desk, work: Work) -> None:
    headers = desk.join()
    rejected = desk.submitted(headers)
    desk.reject(rejected)
    present = desk.submitted(headers)
    work()

    def run_daily_job() -> None:
        with desk.app.app_context(), transaction():
            enqueue(account_jobs.DELETE_OLD_DOCUMENTS)
        work()

    run_daily_job()
    assert desk.view(rejected).status_code == 200
    desk.change("UPDATE kyc_documents SET delete_after = delete_after - interval '29 days'")
    run_daily_job()
    assert desk.view(rejected).status_code == 200
    desk.change("UPDATE kyc_documents SET delete_after = delete_after - interval '25 hours'")
    run_daily_job()
    gone = desk.links(rejected)
    assert (gone.status_code, gone.get_json()["code"]) == (410, "documents_deleted")
    assert len(desk.files()) == 2
    assert desk.view(present).status_code == 200
    before = len(jobs(desk, "delete_documents"))
    run_daily_job()
    assert len(jobs(desk, "delete_documents")) == before


def test_a_store_that_is_away_is_asked_again_to_delete(
    desk: Desk, work: Work, sandbox: Sandbox, use_cloudinary: None
) -> None:
    desk.submitted(desk.join())
    work()
    forget(desk)
    sandbox.faults.set("cloudinary", "error", times=1)
    work()
    assert set(places(desk)) == {(False, True, False)}
    at_once(desk)
    work()
    assert set(places(desk)) == {(False, False, True)}


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
