"""Keep the photos that people add to a report of a station or of a rental. Only staff see them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, func, select

from powerbank.api import uploads
from powerbank.base.db import db, open_session
from powerbank.base.errors import ConflictError, NotFoundError
from powerbank.pictures.pipeline import Shape
from powerbank.stations.issues.models import ReportPhoto
from powerbank.users.models import User

SHAPE = Shape(1600)  # enough to read a serial number on a power bank
MOST = 5  # for one report, which a person may add to
RETENTION = timedelta(days=180)


def remake_photo(content: bytes | None) -> bytes | None:
    """Make a picture anew from its pixels. This takes a while, so it is not called inside a transaction."""
    return uploads.remake_picture(content, SHAPE) if content is not None else None


def save_photo(picture: bytes | None, *, subject_id: UUID, user_id: UUID, now: datetime) -> None:
    """Save a picture that was made anew. The caller has locked or has just made its subject."""
    if picture is None:
        return
    session = open_session()
    if (session.scalar(select(func.count()).where(ReportPhoto.subject_id == subject_id)) or 0) >= MOST:
        raise ConflictError("too_many_photos", f"There are {MOST} photos of this already.")
    session.add(ReportPhoto(subject_id=subject_id, user_id=user_id, content=picture, created_at=now))


def list_photo_addresses(subject_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """List the addresses at which staff see the photos of these reports, oldest first."""
    public_url = current_app.config["SETTINGS"].public_url
    found: dict[UUID, list[str]] = defaultdict(list)
    query = (
        select(ReportPhoto.subject_id, ReportPhoto.id)
        .where(ReportPhoto.subject_id.in_(subject_ids))
        .order_by(ReportPhoto.id)
    )
    for row in db.session.execute(query):
        found[row.subject_id].append(f"{public_url}/api/admin/report-photos/{row.id}.jpg")
    return found


def find_photo_content(photo_id: UUID) -> bytes:
    """Find the bytes of a photo."""
    found: bytes | None = db.session.scalar(select(ReportPhoto.content).where(ReportPhoto.id == photo_id))
    if found is None:
        raise NotFoundError("photo")
    return found


def delete_old_photos(*, now: datetime) -> None:
    """Delete the photos that have been kept long enough."""
    open_session().execute(delete(ReportPhoto).where(ReportPhoto.created_at < now - RETENTION))


def delete_photos_of_user(user: User) -> None:
    """Delete all photos of a user whose account is deleted."""
    open_session().execute(delete(ReportPhoto).where(ReportPhoto.user_id == user.id))
