"""The queries of pages, questions, banners, versions and countries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from powerbank.api.paging import page
from powerbank.base.db import db
from powerbank.base.errors import NotFoundError
from powerbank.content.models import AppVersion, Banner, Country, FaqItem, Language, Revision, RevisionState


def find_published_page(slug: str, language: str) -> Revision:
    """Return the published text of a page in this language, else in English, or refuse with 404."""
    rows = db.session.scalars(
        select(Revision).where(
            Revision.slug == slug,
            Revision.state == RevisionState.PUBLISHED,
            Revision.language.in_([language, Language.ENGLISH]),
        )
    )
    by_language = {row.language: row for row in rows}
    found = by_language.get(language) or by_language.get(Language.ENGLISH)
    if found is None:
        raise NotFoundError("page yet")
    return found


def find_faq(language: str) -> Sequence[FaqItem]:
    """Return the active questions in this language, or the English ones if there are none."""
    query = select(FaqItem).where(FaqItem.active).order_by(FaqItem.position, FaqItem.id)
    found = db.session.scalars(query.where(FaqItem.language == language)).all()
    return found or db.session.scalars(query.where(FaqItem.language == Language.ENGLISH)).all()


def revision_page(*, limit: int, cursor: str | None, **same: str | None) -> dict[str, Any]:
    """Return one page of the texts whose columns have these values, newest first."""
    query = select(Revision).filter_by(**{name: value for name, value in same.items() if value is not None})
    return page(query, Revision.id, descending=True, limit=limit, cursor=cursor)


def find_revision(revision_id: UUID) -> Revision:
    """Return a text of a page, or refuse with 404."""
    found: Revision | None = db.session.get(Revision, revision_id)
    if found is None:
        raise NotFoundError("revision")
    return found


def list_current_banners(language: str, *, now: datetime) -> Sequence[Banner]:
    """Return the banners of this moment: those for readers of the language, and those for all."""
    return db.session.scalars(
        select(Banner)
        .where(Banner.active, Banner.starts_at <= now, or_(Banner.ends_at.is_(None), Banner.ends_at > now))
        .where(or_(Banner.language.is_(None), Banner.language == language))
        .order_by(Banner.position, Banner.id)
    ).all()


def list_active_countries() -> Sequence[Country]:
    """Return the countries whose numbers may sign in, by name."""
    return db.session.scalars(select(Country).where(Country.active).order_by(Country.name)).all()


@dataclass(frozen=True)
class VersionComparison:
    """How a version of the app stands to the releases."""

    platform: str
    version: str
    latest: str | None
    minimum: str | None
    update: str  # none, available, required
    notes: str
    store_url: str | None


def compare_version(platform: str, version: str, now: datetime) -> VersionComparison:
    """Compare a version of the app with the newest release and the oldest one that may still be used."""
    releases = db.session.scalars(
        select(AppVersion).where(AppVersion.platform == platform, AppVersion.released_at <= now)
    ).all()
    latest = max(releases, key=lambda row: parse_version(row.version), default=None)
    minimum = max((row for row in releases if row.mandatory), key=lambda row: parse_version(row.version), default=None)
    asked = parse_version(version)
    update = "none"
    if minimum and asked < parse_version(minimum.version):
        update = "required"
    elif latest and asked < parse_version(latest.version):
        update = "available"
    return VersionComparison(
        platform=platform,
        version=version,
        latest=latest.version if latest else None,
        minimum=minimum.version if minimum else None,
        update=update,
        notes=latest.notes if latest else "",
        store_url=latest.store_url if latest else None,
    )


def parse_version(version: str) -> tuple[int, int, int]:
    """Return the numbers of a version, to compare them. What follows the numbers, such as `-beta`, does not count."""
    numbers = [
        int(part) for part in re.findall(r"\d{1,9}", version.split("-", maxsplit=1)[0].split("+", maxsplit=1)[0])[:3]
    ]
    return (*numbers, 0, 0, 0)[:3]  # type: ignore[return-value]
