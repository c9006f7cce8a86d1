"""Publishing pages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from jobs import catalogue
from powerbank.content.models import Language, Revision, RevisionState, Slug
from powerbank.db import open_session
from powerbank.errors import ConflictError, NotFoundError
from powerbank.queue import enqueue, publish


def add_revision(
    *, slug: Slug, language: Language, title: str, body: str, publish_at: datetime | None, now: datetime
) -> Revision:
    """Takes a text for a page: published at once, or by a job when its time comes."""
    session = open_session()
    revision = Revision(slug=slug, language=language, title=title, body=body, publish_at=publish_at or now)
    session.add(revision)
    session.flush()
    if publish_at is not None and publish_at > now:
        enqueue(catalogue.PUBLISH_CONTENT, at=publish_at, revision_id=str(revision.id))
    else:
        publish_revision(revision.id, now=now)
    return revision


def publish_revision(revision_id: UUID, *, now: datetime) -> None:
    """Puts the revision in the place of the one before. Withdrawn or published meanwhile: nothing to do."""
    session = open_session()
    revision = session.get(Revision, revision_id, with_for_update=True, populate_existing=True)
    if revision is None or revision.state != RevisionState.SCHEDULED:
        return
    # Two that publish one page at once come one after the other; without this the unique index would refuse the second.
    page = func.hashtextextended(f"content:{revision.slug}:{revision.language}", 0)
    session.execute(select(func.pg_advisory_xact_lock(page)))
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
    publish("content_published", slug=revision.slug, language=revision.language, revision_id=str(revision.id))


def withdraw_revision(revision_id: UUID) -> Revision:
    revision = open_session().get(Revision, revision_id, with_for_update=True, populate_existing=True)
    if revision is None:
        raise NotFoundError("revision")
    if revision.state != RevisionState.SCHEDULED:
        raise ConflictError("already_published", "Only a text that is not published yet can be withdrawn.")
    revision.state = RevisionState.WITHDRAWN
    return revision
