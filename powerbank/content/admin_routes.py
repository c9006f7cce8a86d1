"""Staff: pages with revisions, and plain lists."""

from typing import Any
from uuid import UUID

from flask.views import MethodView
from sqlalchemy import select

from powerbank import audit
from powerbank.api.auth import staff_only
from powerbank.api.crud import add_crud
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page, page_of
from powerbank.content import services
from powerbank.content.models import AppVersion, Banner, Country, FaqItem, Revision
from powerbank.content.schemas import (
    AppVersionSchema,
    BannerSchema,
    CountrySchema,
    FaqItemSchema,
    RevisionSchema,
)
from powerbank.db import transaction, utcnow

blueprint = Blueprint("Content (staff)", __name__, url_prefix="/api/admin", description="What the app shows.")

add_crud(blueprint, "faq", FaqItem, FaqItemSchema, permission="content")
add_crud(blueprint, "banners", Banner, BannerSchema, permission="content", together=["window"])
add_crud(blueprint, "app-versions", AppVersion, AppVersionSchema, permission="content")
add_crud(blueprint, "countries", Country, CountrySchema, permission="content")


@blueprint.route("/content")
class Revisions(MethodView):
    @staff_only("content.read")
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(RevisionSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Every text that any page has had or will have, newest first"""
        return page(select(Revision), Revision.id, descending=True, **arguments)

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


@blueprint.post("/content/<uuid:revision_id>/withdraw")
@staff_only("content.write")
@blueprint.response(200, RevisionSchema)
def withdraw(revision_id: UUID) -> Revision:
    """Take back a text that is not published yet"""
    with transaction():
        revision = services.withdraw_revision(revision_id)
        audit.by_staff("content.withdraw", "content", revision_id, new={"slug": revision.slug})
    return revision
