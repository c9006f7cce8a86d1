"""The schemas of the leaderboard and of achievements."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.social.boards import Period
from powerbank.social.leaderboard import BADGES
from powerbank.social.queries import METRICS
from powerbank.users.schemas import NAME

TEXT = validate.Length(max=500)


class LeaderboardArguments(PageArguments):
    period = fields.String(load_default=Period.ALL.value, validate=validate.OneOf([*Period]))
    me = Boolean(load_default=False, metadata={"description": "Say where I stand, too."})


class PlaceSchema(Schema):
    rank = fields.Integer(required=True, metadata={"description": "Shared by those with the same score."})
    score = fields.Float(required=True)
    username = fields.String(required=True, allow_none=True, metadata={"description": "Null for who has left."})
    avatar_url = fields.String(required=True, allow_none=True)
    rentals = fields.Integer(required=True)
    on_time = fields.Integer(required=True)
    late = fields.Integer(required=True)
    points = fields.Integer(required=True, metadata={"description": "Earned in the period."})
    referrals = fields.Integer(required=True)
    achievements = fields.Integer(required=True)
    badge = fields.String(required=True, validate=validate.OneOf([badge.name for badge in BADGES]))
    return_rate = fields.Float(required=True, metadata={"description": "Percent of all time brought back in time."})


class LeaderboardSchema(Schema):
    period = fields.String(required=True, validate=validate.OneOf([*Period]))
    board = fields.String(required=True, metadata={"example": "week:2026-47"})
    items = fields.List(fields.Nested(PlaceSchema), required=True)
    me = fields.Nested(PlaceSchema, required=True, allow_none=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ProgressSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    metric = fields.String(required=True, validate=validate.OneOf(METRICS))
    threshold = fields.Integer(required=True)
    reward = fields.Integer(required=True, metadata={"description": "Points."})
    progress = fields.Integer(required=True, metadata={"description": "Up to the threshold."})
    unlocked_at = Time(required=True, allow_none=True)


class AchievementSchema(Schema):
    id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=NAME)
    name_ne = fields.String(allow_none=True, validate=NAME)
    description = fields.String(validate=TEXT)
    description_ne = fields.String(allow_none=True, validate=TEXT)
    metric = fields.String(required=True, validate=validate.OneOf(METRICS))
    threshold = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000_000))
    reward = fields.Integer(strict=True, validate=validate.Range(0, 1_000_000))
    active = Boolean()
    created_at = Time(dump_only=True)
