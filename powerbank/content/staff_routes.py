"""Serve staff the pages with their revisions, and the plain lists."""

from typing import Any
from uuid import UUID

from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.crud import add_crud
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import page_of
from powerbank.base.db import transaction, utcnow
from powerbank.content import queries, services
from powerbank.content.models import Revision
from powerbank.content.schemas import (
    RevisionArguments,
    RevisionChangeSchema,
    RevisionSchema,
)
from powerbank.content.tables import APP_VERSIONS, BANNERS, COUNTRIES, FAQ

blueprint = Blueprint("Content (staff)", __name__, url_prefix="/api/admin", description="What the app shows.")

add_crud(blueprint, FAQ)
add_crud(blueprint, BANNERS)
add_crud(blueprint, APP_VERSIONS)
add_crud(blueprint, COUNTRIES)


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
            return services.add_revision(**body, now=utcnow(), by=current_staff().id)


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
            return services.change_revision(revision_id, body, now=utcnow(), by=current_staff().id)

    @staff_only("content.write")
    @blueprint.response(204)
    def delete(self, revision_id: UUID) -> None:
        """Delete a text that was never published, or take a published one off its page; it stays on record"""
        with transaction():
            services.delete_revision(revision_id, now=utcnow(), by=current_staff().id)


@blueprint.post("/content/<uuid:revision_id>/withdraw")
@staff_only("content.write")
@blueprint.response(200, RevisionSchema)
def withdraw(revision_id: UUID) -> Revision:
    """Take back a text that is not published yet"""
    with transaction():
        return services.withdraw_revision(revision_id, by=current_staff().id)
