from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Time
from powerbank.api.paging import MOST, PageArguments
from powerbank.base.clock import format_time
from powerbank.ops.job_decisions import Decision
from powerbank.ops.queries import KINDS
from powerbank.outbox.heartbeats import is_alive
from powerbank.outbox.models import Cause, State
from powerbank.outbox.policy import KEEP_DEAD_DAYS, Queue


class LiveSchema(Schema):
    status = fields.String(required=True)


class ReadySchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["ready", "degraded", "unavailable"]))
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class AlertSchema(Schema):
    key = fields.String(required=True)
    kind = fields.String(required=True)
    detail = fields.String(required=True)


class AlertArguments(PageArguments):
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(["open", "over"]))
    kind = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(KINDS))


class RaisedAlertSchema(AlertSchema):
    id = fields.UUID(required=True)
    raised_at = Time(required=True)
    cleared_at = Time(required=True, allow_none=True)


class ProgramSchema(Schema):
    name = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "worker, scheduler, mqtt, web, live"})
    queues = fields.List(fields.String(), required=True)
    host = fields.String(required=True)
    pid = fields.Integer(required=True)
    alive = fields.Function(is_alive, required=True, metadata={"type": "boolean"})
    started_at = Time(required=True)
    seen_at = Time(required=True)
    clock_ahead = fields.Float(required=True, allow_none=True, metadata={"description": "Seconds."})


class ProgramListSchema(Schema):
    items = fields.List(fields.Nested(ProgramSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QueueArguments(Schema):
    period = fields.String(load_default="24h", validate=validate.OneOf(["6h", "24h", "7d"]))


class QueueSchema(Schema):
    name = fields.String(required=True)
    waiting = fields.Integer(required=True)
    oldest_age_s = fields.Integer(required=True)
    lengths = fields.List(
        fields.Integer(allow_none=True),
        required=True,
        metadata={"description": "The most of each of equal steps of the period; null where nothing was recorded."},
    )
    ages = fields.List(
        fields.Integer(allow_none=True), required=True, metadata={"description": "In seconds, likewise."}
    )


class QueueListSchema(Schema):
    items = fields.List(fields.Nested(QueueSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class QueueHealthSchema(Schema):
    status = fields.String(required=True, validate=validate.OneOf(["healthy", "warning", "unhealthy"]))
    workers = fields.Integer(required=True)
    queue_lengths = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    oldest_age_s = fields.Float(required=True)
    alerts = fields.List(fields.Nested(AlertSchema), required=True)


class ScheduleSchema(Schema):
    name = fields.String(required=True)
    job = fields.String(required=True)
    cron = fields.String(required=True)
    timezone = fields.String(required=True)
    last_run_at = Time(required=True, allow_none=True)
    last_status = fields.String(required=True, allow_none=True)
    last_duration_ms = fields.Integer(required=True, allow_none=True)
    next_run_at = Time(required=True)


class ScheduleListSchema(Schema):
    items = fields.List(fields.Nested(ScheduleSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class JobFilterArguments(Schema):
    state = fields.String(load_default="dead", validate=validate.OneOf([*State]))
    job = fields.String(load_default=None, allow_none=True)
    queue = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Queue]))
    error = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(max=200), metadata={"description": "A part of it."}
    )
    hours = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, 24 * KEEP_DEAD_DAYS),
        metadata={"description": "Only those that died, or were made, within so many hours."},
    )


class JobArguments(JobFilterArguments, PageArguments):
    pass


class JobCountSchema(Schema):
    count = fields.Integer(required=True, metadata={"description": "10001 stands for more than 10000."})
    until = Time(required=True, metadata={"description": "What a decision about all of these names."})


class JobDecisionSchema(Schema):
    decision = fields.String(required=True, validate=validate.OneOf([*Decision]))
    reason = fields.String(required=True, validate=[validate.Length(1, 500), validate.Regexp(r"\s*\S")])
    ids = fields.List(fields.UUID(), load_default=None, validate=validate.Length(1, MOST))
    job = fields.String(load_default=None, allow_none=True)
    queue = fields.String(load_default=None, allow_none=True, validate=validate.OneOf([*Queue]))
    error = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    hours = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 24 * KEEP_DEAD_DAYS))
    until = Time(load_default=None, metadata={"description": "Needed without `ids`: who died later is not meant."})

    @validates_schema
    def _names_what_is_meant(self, data: dict[str, Any], **_: Any) -> None:
        if data["ids"] is None and data["until"] is None:
            raise ValidationError("Name the jobs, or until when they died.", "until")


class JobSchema(Schema):
    id = fields.UUID(required=True)
    job = fields.String(required=True)
    queue = fields.String(required=True)
    state = fields.String(required=True)
    arguments = fields.Method("arguments_shown", required=True)
    attempts = fields.Method("attempts_made", required=True)
    cause = fields.String(required=True, allow_none=True, validate=validate.OneOf([*Cause]))
    last_error = fields.String(required=True, allow_none=True)
    created_at = Time(required=True)
    run_after = Time(required=True)
    failed_at = fields.Method("died_at", required=True)
    finished_at = Time(required=True, allow_none=True)

    def arguments_shown(self, row: Any) -> dict[str, Any]:
        return dict(row.arguments)

    def attempts_made(self, row: Any) -> int:
        return int(row.failures + row.crashes + (row.state == "done"))

    def died_at(self, row: Any) -> str | None:
        return format_time(row.finished_at) if row.state == "dead" else None


class JobTrySchema(Schema):
    number = fields.Integer(required=True)
    failed_at = Time(required=True)
    error = fields.String(required=True)
    next_at = Time(required=True, allow_none=True, metadata={"description": "When it was to be tried again."})


class JobStepSchema(Schema):
    name = fields.String(required=True)
    started_at = Time(required=True)
    finished_at = Time(required=True, allow_none=True)


class JobDetailSchema(JobSchema):
    outcome = fields.String(
        required=True, metadata={"description": "`done`, `waiting`, `running`, `retrying`, or why it died."}
    )
    expires_at = Time(required=True, allow_none=True)
    deliveries = fields.Integer(required=True, metadata={"description": "How often workers were told of it."})
    tries = fields.List(
        fields.Nested(JobTrySchema), required=True, metadata={"description": "Those that failed; the newest twenty."}
    )
    steps = fields.List(
        fields.Nested(JobStepSchema), required=True, metadata={"description": "Calls of vendors, each made once."}
    )
