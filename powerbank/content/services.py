"""Publishing pages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.content.models import Language, Revision, RevisionState, Slug
from powerbank.outbox.catalogue import system_jobs
from powerbank.outbox.enqueue import enqueue


def add_revision(
    *, slug: Slug, language: Language, title: str, body: str, publish_at: datetime | None, now: datetime
) -> Revision:
    """Takes a text for a page: published at once, or by a job when its time comes."""
    session = open_session()
    revision = Revision(slug=slug, language=language, title=title, body=body, publish_at=publish_at or now)
    session.add(revision)
    _plan(revision, now)
    return revision


def change_revision(
    revision_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> tuple[Revision, dict[str, Any], dict[str, Any]]:
    """The text as it is now, and the old and new values of what changed. What was published stays as it was: the change
    is the page's next text."""
    revision = _locked(revision_id)
    before = {name: getattr(revision, name) for name in changes}
    if revision.state == RevisionState.PUBLISHED and changes:
        text = {"title": revision.title, "body": revision.body, "publish_at": None, **changes}
        revision = add_revision(slug=Slug(revision.slug), language=Language(revision.language), now=now, **text)
    elif revision.state == RevisionState.SCHEDULED:
        for name, value in changes.items():
            setattr(revision, name, value if name != "publish_at" else value or now)
        if "publish_at" in changes:
            _plan(revision, now)
    elif changes:
        raise ConflictError("content_kept", f"A text that is {revision.state} stays as it was.")
    after = {name: getattr(revision, name) for name in changes}
    differ = [name for name in changes if before[name] != after[name]]
    return revision, _shown(before, differ), _shown(after, differ)


def delete_revision(revision_id: UUID, *, now: datetime) -> dict[str, Any]:
    """What it was. A text that was never published is gone; one that is published is taken off and stays on record."""
    revision = _locked(revision_id)
    was = {"slug": revision.slug, "language": revision.language, "title": revision.title, "state": revision.state}
    if revision.state in (RevisionState.SCHEDULED, RevisionState.WITHDRAWN):
        open_session().delete(revision)
    elif revision.state == RevisionState.PUBLISHED:
        revision.state, revision.removed_at = RevisionState.REMOVED, now
    else:
        raise ConflictError("content_kept", f"A text that is {revision.state} stays on record.")
    return was


def _plan(revision: Revision, now: datetime) -> None:
    """Its time goes along: a job of an earlier plan finds another, and leaves it to the next."""
    open_session().flush()
    if revision.publish_at <= now:
        publish_revision(revision.id, now=now)
        return
    at = revision.publish_at
    enqueue(system_jobs.PUBLISH_CONTENT, at=at, revision_id=str(revision.id), planned_for=at.isoformat())


def publish_revision(revision_id: UUID, *, now: datetime, planned_for: datetime | None = None) -> None:
    """Puts the revision in the place of the one before, unless it was withdrawn, published or planned anew since."""
    session = open_session()
    revision = _locked_with_page(revision_id)
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


def withdraw_revision(revision_id: UUID) -> Revision:
    revision = _locked(revision_id)
    if revision.state != RevisionState.SCHEDULED:
        raise ConflictError("already_published", "Only a text that is not published yet can be withdrawn.")
    revision.state = RevisionState.WITHDRAWN
    return revision


def _locked(revision_id: UUID) -> Revision:
    revision = _locked_with_page(revision_id)
    if revision is None:
        raise NotFoundError("revision")
    return revision


def _locked_with_page(revision_id: UUID) -> Revision | None:
    """Whatever is done to the texts of a page comes one after the other: the page is locked before any of them. Without
    it the unique index would refuse the second of two that publish at once."""
    session = open_session()
    of = session.execute(select(Revision.slug, Revision.language).where(Revision.id == revision_id)).one_or_none()
    if of is None:
        return None
    page = func.hashtextextended(f"content:{of.slug}:{of.language}", 0)
    session.execute(select(func.pg_advisory_xact_lock(page)))
    return session.get(Revision, revision_id, with_for_update=True, populate_existing=True)


def _shown(values: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """As the audit log keeps it."""
    return {name: value.isoformat() if isinstance(value := values[name], datetime) else value for name in names}
