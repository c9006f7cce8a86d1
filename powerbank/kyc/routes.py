from typing import Any

from flask.views import MethodView

from powerbank.api import uploads
from powerbank.api.auth import current_user_id, user_only
from powerbank.api.openapi import Blueprint
from powerbank.base.db import transaction, utcnow
from powerbank.kyc import citizenship_numbers, queries, services
from powerbank.kyc.models import DocumentSide, KycSubmission
from powerbank.kyc.schemas import OwnKycSchema, SubmissionSchema
from powerbank.pictures.pipeline import Shape
from powerbank.users.queries import read_profile

blueprint = Blueprint("KYC", __name__, url_prefix="/api/auth", description="A person shows who they are.")

# Small print stays legible; and half of what cameras commonly make, which a JPEG is decoded to at little cost.
DOCUMENT = Shape(2000)
NONE = {"id": None, "status": "none", "reason": None, "submitted_at": None, "decided_at": None}


@blueprint.route("/kyc")
class Kyc(MethodView):
    @user_only
    @blueprint.response(200, OwnKycSchema)
    def get(self) -> KycSubmission | dict[str, Any]:
        """Where my submission stands, and why it was rejected"""
        return queries.find_submission_of_user(current_user_id()) or NONE

    @user_only
    @uploads.takes_pictures(2)
    @blueprint.arguments(SubmissionSchema, location="multipart")
    @blueprint.response(202, OwnKycSchema)
    def post(self, body: dict[str, Any]) -> KycSubmission:
        """Send both sides of the citizenship certificate"""
        services.check_may_submit(read_profile(current_user_id()).kyc_status)
        number = citizenship_numbers.parse_citizenship_number(body["citizenship_number"])
        pictures = {side: uploads.remake_picture(body[side], DOCUMENT) for side in DocumentSide}
        with transaction():
            return services.submit_documents(user_id=current_user_id(), number=number, pictures=pictures, now=utcnow())
