"""Serve staff the pages with their revisions, and the plain lists."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import staff_only
from powerbank.api.crud import add_crud
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.content import queries, services
from powerbank.content.models import AppVersion, Banner, Country, FaqItem, Revision
from powerbank.content.schemas import (
    AppVersionSchema,
    BannerSchema,
    CountrySchema,
    FaqItemSchema,
    RevisionArguments,
    RevisionChangeSchema,
    RevisionSchema,
)

blueprint = Blueprint("Content (staff)", __name__, url_prefix="/api/admin", description="What the app shows.")

add_crud(blueprint, "faq", FaqItem, FaqItemSchema, permission="content")
add_crud(blueprint, "banners", Banner, BannerSchema, permission="content", together=["window"])
add_crud(blueprint, "app-versions", AppVersion, AppVersionSchema, permission="content")
add_crud(blueprint, "countries", Country, CountrySchema, permission="content")


@blueprint.route("/content")
class Revisions(MethodView):
    @staff_only("content.read")
    @blueprint.arguments(RevisionArguments, location="query")
    @blueprint.response(200, page_of(RevisionSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Every text that any page has had or will have, newest first"""
        return queries.revision_page(**arguments)

    @staff_only("content.write")
    @blueprint.arguments(RevisionSchema)
    @blueprint.response(201, RevisionSchema)
    def post(self, body: dict[str, Any]) -> Revision:
        """Publish a text, now or at `publish_at`"""
        with transaction():
            revision = services.add_revision(**body, now=utcnow())
            shown = {"slug": revision.slug, "publish_at": revision.publish_at.isoformat()}
            audit.by_staff("content.add", "content", revision.id, new=shown)
        return revision


@blueprint.route("/content/<uuid:revision_id>")
class RevisionItem(MethodView):
    @staff_only("content.read")
    @blueprint.response(200, RevisionSchema)
    def get(self, revision_id: UUID) -> Revision:
        """One text of a page"""
        return queries.find_revision(revision_id)

    @staff_only("content.write")
    @blueprint.arguments(RevisionChangeSchema)
    @blueprint.response(200, RevisionSchema)
    def patch(self, body: dict[str, Any], revision_id: UUID) -> Revision:
        """Change a text that waits; of a published one the change becomes the page's next text, which is answered"""
        with transaction():
            revision, old, new = services.change_revision(revision_id, body, now=utcnow())
            if new:
                new["revision_id"] = str(revision.id)
                audit.by_staff("content.update", "content", revision_id, old=old, new=new)
        return revision

    @staff_only("content.write")
    @blueprint.response(204)
    def delete(self, revision_id: UUID) -> None:
        """Delete a text that was never published, or take a published one off its page; it stays on record"""
        with transaction():
            was = services.delete_revision(revision_id, now=utcnow())
            audit.by_staff("content.delete", "content", revision_id, old=was)


@blueprint.post("/content/<uuid:revision_id>/withdraw")
@staff_only("content.write")
@blueprint.response(200, RevisionSchema)
def withdraw(revision_id: UUID) -> Revision:
    """Take back a text that is not published yet"""
    with transaction():
        revision = services.withdraw_revision(revision_id)
        audit.by_staff("content.withdraw", "content", revision_id, new={"slug": revision.slug})
    return revision
