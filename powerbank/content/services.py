"""The publication of pages: each text is a revision, published at once or at its time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base import audit
from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.content.models import Language, Revision, RevisionState, Slug
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.enqueue import enqueue


def add_revision(
    *,
    slug: Slug,
    language: Language,
    title: str,
    body: str,
    publish_at: datetime | None,
    now: datetime,
    by: UUID | None = None,
) -> Revision:
    """Add a text to a page. It is published at once, or by a job when its time comes."""
    session = open_session()
    revision = Revision(slug=slug, language=language, title=title, body=body, publish_at=publish_at or now)
    session.add(revision)
    _plan_publication(revision, now)
    if by is not None:
        _record("add", revision.id, by=by, new={"slug": slug, "publish_at": revision.publish_at.isoformat()})
    return revision


def _record(act: str, revision_id: UUID, *, by: UUID, **values: dict[str, Any]) -> None:
    action = f"content.{act}"
    audit.record(actor=audit.staff_actor(by), action=action, object_kind="content", object_id=revision_id, **values)


def change_revision(revision_id: UUID, changes: Mapping[str, Any], *, now: datetime, by: UUID) -> Revision:
    """Change a text, and return it.

    A published text stays as it was. Its change becomes the next text of the page.
    """
    revision = _lock_revision(revision_id)
    before = {name: getattr(revision, name) for name in changes}
    if revision.state == RevisionState.PUBLISHED and changes:
        text = {"title": revision.title, "body": revision.body, "publish_at": None, **changes}
        revision = add_revision(slug=Slug(revision.slug), language=Language(revision.language), now=now, **text)
    elif revision.state == RevisionState.SCHEDULED:
        for name, value in changes.items():
            setattr(revision, name, value if name != "publish_at" else value or now)
        if "publish_at" in changes:
            _plan_publication(revision, now)
    elif changes:
        raise ConflictError("content_kept", f"A text that is {revision.state} stays as it was.")
    after = {name: getattr(revision, name) for name in changes}
    differ = [name for name in changes if before[name] != after[name]]
    if differ:
        new = _audit_values(after, differ) | {"revision_id": str(revision.id)}
        _record("update", revision_id, by=by, old=_audit_values(before, differ), new=new)
    return revision


def delete_revision(revision_id: UUID, *, now: datetime, by: UUID) -> None:
    """Delete a text.

    A text that was never published is deleted. One that is published is taken off its page and stays on record.
    """
    revision = _lock_revision(revision_id)
    was = {"slug": revision.slug, "language": revision.language, "title": revision.title, "state": revision.state}
    if revision.state in (RevisionState.SCHEDULED, RevisionState.WITHDRAWN):
        open_session().delete(revision)
    elif revision.state == RevisionState.PUBLISHED:
        revision.state, revision.removed_at = RevisionState.REMOVED, now
    else:
        raise ConflictError("content_kept", f"A text that is {revision.state} stays on record.")
    _record("delete", revision_id, by=by, old=was)


def _plan_publication(revision: Revision, now: datetime) -> None:
    """Publish a text now, or enqueue the job for its time.

    The time is an argument of the job: a job of an earlier plan finds another time and does nothing.
    """
    open_session().flush()
    if revision.publish_at <= now:
        publish_revision(revision.id, now=now)
        return
    at = revision.publish_at
    enqueue(system_jobs.PUBLISH_CONTENT, at=at, revision_id=str(revision.id), planned_for=at.isoformat())


def publish_revision(revision_id: UUID, *, now: datetime, planned_for: datetime | None = None) -> None:
    """Publish a text in the place of the one before, unless it was withdrawn, published or planned anew since."""
    session = open_session()
    revision = _lock_page_and_revision(revision_id)
    if revision is None or revision.state != RevisionState.SCHEDULED:
        return
    if planned_for is not None and planned_for != revision.publish_at:
        return
    before = session.scalars(
        select(Revision)
        .where(
            Revision.slug == revision.slug,
            Revision.language == revision.language,
            Revision.state == RevisionState.PUBLISHED,
        )
        .with_for_update()
    ).one_or_none()
    if before is not None:
        before.state = RevisionState.REPLACED
        session.flush()  # the unique index allows one published text at a time
    revision.state, revision.published_at = RevisionState.PUBLISHED, now


def withdraw_revision(revision_id: UUID, *, by: UUID) -> Revision:
    """Withdraw a text that is not published yet."""
    revision = _lock_revision(revision_id)
    if revision.state != RevisionState.SCHEDULED:
        raise ConflictError("already_published", "Only a text that is not published yet can be withdrawn.")
    revision.state = RevisionState.WITHDRAWN
    _record("withdraw", revision_id, by=by, new={"slug": revision.slug})
    return revision


def _lock_revision(revision_id: UUID) -> Revision:
    revision = _lock_page_and_revision(revision_id)
    if revision is None:
        raise NotFoundError("revision")
    return revision


def _lock_page_and_revision(revision_id: UUID) -> Revision | None:
    """Lock the page of a text and then the text itself. None where the text does not exist.

    So changes of a page come one after the other. Without this lock the unique index would refuse the second of two
    texts that are published at once.
    """
    session = open_session()
    found = session.execute(select(Revision.slug, Revision.language).where(Revision.id == revision_id)).one_or_none()
    if found is None:
        return None
    page = func.hashtextextended(f"content:{found.slug}:{found.language}", 0)
    session.execute(select(func.pg_advisory_xact_lock(page)))
    return session.get(Revision, revision_id, with_for_update=True, populate_existing=True)


def _audit_values(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return values as the audit log keeps them."""
    return {name: value.isoformat() if isinstance(value := values[name], datetime) else value for name in names}
