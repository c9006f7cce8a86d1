"""Documents as pictures, for who holds a link."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, fields, validate

from powerbank.api.auth import staff_named_by_token
from powerbank.api.openapi import Blueprint
from powerbank.base import audit
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.kyc import document_links, documents, queries

blueprint = Blueprint("Documents", __name__, url_prefix="/media", description="Pictures behind links that expire.")


class TokenSchema(Schema):
    token = fields.String(required=True, validate=validate.Length(1, 1000))


@blueprint.get("/documents/<uuid:document_id>.jpg")
@blueprint.arguments(TokenSchema, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
def document(arguments: dict[str, Any], document_id: UUID) -> Response:
    """A document, by its link; a staff token sent along must be that of who asked for the link"""
    member = document_links.open_link(document_id, arguments["token"], sent_by=staff_named_by_token())
    with transaction():
        found = queries.document(document_id)
        audit.record(
            actor=staff_actor(member.id),
            action="kyc.view_document",
            object_kind="kyc",
            object_id=found.submission_id,
            new={"side": found.side},
        )
    response = Response(documents.read(document_id, now=utcnow()), content_type="image/jpeg")
    response.headers.update(
        {
            "Cache-Control": "no-store",
            "Content-Disposition": 'inline; filename="document.jpg"',
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
        }
    )
    return response
