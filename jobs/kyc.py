"""Jobs that store and delete identity documents. The store is called between transactions."""

from uuid import UUID

from jobs.worker.stepwise import StepwiseRun
from powerbank.base.db import utcnow
from powerbank.kyc.documents import places as documents


def process_kyc_submission(run: StepwiseRun, *, submission_id: str) -> None:
    for document_id in documents.list_staged_documents(UUID(submission_id)):
        run.call(f"put-{document_id}", lambda _key, one=document_id: documents.store_document(one))  # type: ignore[misc]
    with run.finish():
        documents.record_stored(UUID(submission_id), now=utcnow())


def delete_documents(run: StepwiseRun, *, user_id: str) -> None:
    began = utcnow()
    due = documents.list_due_deletions(user_id=UUID(user_id), now=began)
    for document_id in due:
        run.call(f"delete-{document_id}", lambda _key, one=document_id: documents.delete_document(one))  # type: ignore[misc]
    with run.finish():
        documents.record_deleted(due, due_at=began, now=utcnow())


def delete_old_documents() -> None:
    documents.enqueue_due_deletions(now=utcnow())
