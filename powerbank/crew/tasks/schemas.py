"""Tasks, as members and staff send and see them."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Money, Time
from powerbank.api.paging import PageArguments
from powerbank.api.uploads import PhotoField
from powerbank.crew.members.schemas import BegunSchema, MoneyTodaySchema, NearArguments
from powerbank.crew.tasks.states import TaskKind, TaskStatus
from powerbank.stations.schemas import PLAIN, REASON, SERIAL

KIND = validate.OneOf([*TaskKind])
MOST_BANKS = validate.Range(0, 200)
NOTE = [validate.Length(0, 1000), PLAIN]


class WantsSchema(Schema):
    bring = fields.Integer(strict=True, validate=MOST_BANKS, metadata={"description": "charged banks to put in"})
    take = fields.Integer(strict=True, validate=MOST_BANKS, metadata={"description": "banks to take away"})


class TaskStationSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    city = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)


class TaskSchema(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=KIND)
    station_sn = fields.String(required=True)
    station = fields.Nested(TaskStationSchema, required=True)
    status = fields.String(required=True, validate=validate.OneOf([*TaskStatus]))
    source = fields.String(required=True, metadata={"description": "rule or staff"})
    claimed_by = fields.UUID(required=True, allow_none=True, metadata={"description": "a member of the crew"})
    claimed_at = Time(required=True, allow_none=True)
    claimed_until = Time(required=True, allow_none=True)
    begun_at = Time(required=True, allow_none=True)
    closed_at = Time(required=True, allow_none=True)
    wants = fields.Nested(WantsSchema, required=True)
    brought = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    serials = fields.List(fields.String(), required=True)
    slots = fields.List(fields.Integer(), required=True)
    note = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    pay = Money(required=True, least=0)
    currency = fields.Constant("NPR")
    priority = fields.Float(required=True, metadata={"description": "rupees an hour, with its age"})
    distance_m = fields.Integer(allow_none=True)
    created_at = Time(required=True)
    version = fields.Integer(required=True)


class StaffTaskSchema(TaskSchema):
    member_name = fields.String(required=True, allow_none=True)
    proof = fields.Dict(required=True, allow_none=True)


class TaskEventSchema(Schema):
    at = Time(required=True)
    event = fields.String(required=True)
    by = fields.String(required=True)
    member_id = fields.UUID(required=True, allow_none=True)
    detail = fields.Dict(required=True)


class TaskWithHistorySchema(StaffTaskSchema):
    events = fields.List(fields.Nested(TaskEventSchema), required=True)
    photos = fields.List(fields.String(), required=True)


class NearTasksArguments(NearArguments):
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100))


class NearTasksSchema(Schema):
    items = fields.List(fields.Nested(TaskSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CompletionSchema(NearArguments):
    note = fields.String(load_default=None, allow_none=True, validate=NOTE)
    photo = PhotoField(load_default=None, allow_none=True)
    scanned = fields.List(
        fields.String(validate=[validate.Length(1, 300), PLAIN]), load_default=list, validate=validate.Length(0, 300)
    )


class EmptySchema(NearArguments):
    """The place of the member, if they say it."""

    note = fields.String(load_default=None, allow_none=True, validate=NOTE)


class TaskArguments(PageArguments):
    status = fields.String(load_default="unfinished", validate=validate.OneOf([*TaskStatus, "unfinished", "all"]))
    station_sn = fields.String(load_default=None, validate=SERIAL)
    kind = fields.String(load_default=None, validate=KIND)
    member_id = fields.UUID(load_default=None)


class TaskDraftSchema(Schema):
    station_sn = fields.String(required=True, validate=SERIAL)
    kind = fields.String(required=True, validate=KIND)
    wants = fields.Nested(WantsSchema, load_default=dict)
    note = fields.String(load_default=None, allow_none=True, validate=NOTE)


class AssignmentSchema(Schema):
    member_id = fields.UUID(required=True)
    reason = fields.String(load_default=None, allow_none=True, validate=REASON)


class PlannedTaskSchema(Schema):
    station_sn = fields.String(required=True)
    kind = fields.String(required=True)
    wants = fields.Nested(WantsSchema, required=True)
    loss_per_hour = Money(required=True, least=0)


class PlanPreviewSchema(Schema):
    made = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    items = fields.List(fields.Nested(PlannedTaskSchema), required=True)


class MeSchema(MoneyTodaySchema):
    member_id = fields.UUID(required=True)
    name = fields.String(required=True)
    zones = fields.List(fields.String(), required=True)
    shift = fields.Nested(BegunSchema, required=True, allow_none=True)
    break_ = fields.Nested(BegunSchema, required=True, allow_none=True, data_key="break", attribute="break")
    break_seconds_today = fields.Integer(required=True)
    last_break_reset = Time(required=True)
    open_tasks = fields.List(fields.Nested(TaskSchema), required=True)
    banks_in_hand = fields.List(fields.String(), required=True)
    slots_opening = fields.Integer(required=True)
