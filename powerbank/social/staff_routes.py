"""Serve staff the achievements."""

from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView

from powerbank.api.auth import current_staff, staff_only
from powerbank.api.exports import export_csv
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.clock import format_time
from powerbank.base.db import transaction
from powerbank.social import achievements
from powerbank.social.models import Achievement, Unlock
from powerbank.social.schemas import AchievementSchema

blueprint = Blueprint(
    "Achievements (staff)", __name__, url_prefix="/api/admin/achievements", description="What can be reached."
)


@blueprint.route("")
class Achievements(MethodView):
    @staff_only("achievements.read")
    @blueprint.arguments(PageArguments, location="query")
    @blueprint.response(200, page_of(AchievementSchema))
    def get(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """List, newest first"""
        return achievements.achievement_page(**arguments)

    @staff_only("achievements.write")
    @blueprint.arguments(AchievementSchema)
    @blueprint.response(201, AchievementSchema)
    def post(self, body: dict[str, Any]) -> Achievement:
        """Create; whoever has come to it already unlocks it soon"""
        with transaction():
            return achievements.create_achievement(body, by=current_staff().id)


@blueprint.route("/<uuid:achievement_id>")
class OneAchievement(MethodView):
    @staff_only("achievements.read")
    @blueprint.response(200, AchievementSchema)
    def get(self, achievement_id: UUID) -> Achievement:
        """Read one achievement"""
        return achievements.find_achievement(achievement_id)

    @staff_only("achievements.write")
    @blueprint.arguments(AchievementSchema(partial=True))
    @blueprint.response(200, AchievementSchema)
    def patch(self, body: dict[str, Any], achievement_id: UUID) -> Achievement:
        """Change the fields given; what people have unlocked they keep"""
        with transaction():
            achievement = achievements.lock_achievement(achievement_id)
            achievements.change_achievement(achievement, body, by=current_staff().id)
        return achievement

    @staff_only("achievements.write")
    @blueprint.response(204)
    def delete(self, achievement_id: UUID) -> None:
        """Delete one that nobody has unlocked"""
        with transaction():
            achievement = achievements.lock_achievement(achievement_id)
            achievements.delete_achievement(achievement, by=current_staff().id)


@blueprint.get("/<uuid:achievement_id>/unlocks.csv")
@staff_only("achievements.read")
@blueprint.response(200, {"type": "string"}, content_type="text/csv")
def export_unlocks(achievement_id: UUID) -> Response:
    """Who has unlocked it, as CSV"""
    achievements.find_achievement(achievement_id)
    return export_csv(
        "unlocks",
        ("user", "at"),
        achievements.unlocks_of_achievement(achievement_id),
        Unlock.user_id,
        lambda unlock: [(unlock.user_id, format_time(unlock.at))],
        of=("achievements", achievement_id),
    )
