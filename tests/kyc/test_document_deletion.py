"""Documents are deleted when their person is forgotten, or some time after they were rejected, whatever dies."""

from uuid import UUID

import pytest
from sqlalchemy import delete, select

from jobs.worker import runtime
from powerbank.base.db import db, transaction, utcnow
from powerbank.integrations.documents.client import LocalDocuments
from powerbank.kyc import services
from powerbank.kyc.documents import places as documents
from powerbank.kyc.documents.store import get_store
from powerbank.kyc.models import KycDocument
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue
from powerbank.outbox.models import OutboxJob
from scripts.sandbox.server import Sandbox
from tests.kyc.conftest import Desk
from tests.kyc.steps import Work, at_once, forget, jobs, places


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
    # The citizenship number is free again.
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


def test_documents_of_a_person_forgotten_before_the_store_are_never_stored(desk: Desk, work: Work) -> None:
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


def test_a_document_stored_between_a_deletion_and_its_record_is_deleted_again(desk: Desk, work: Work) -> None:
    """The record must not say that the document is gone."""
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
