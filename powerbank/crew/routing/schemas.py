"""The route of a member, as the app reads it."""

from marshmallow import Schema, fields, validate

from powerbank.api.fields import Boolean, Time


class RoutePointSchema(Schema):
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)


class RouteVisitSchema(Schema):
    kind = fields.String(required=True, validate=validate.OneOf(["task", "warehouse"]))
    task_id = fields.UUID(required=True, allow_none=True)
    task_kind = fields.String(required=True, allow_none=True)
    task_status = fields.String(required=True, allow_none=True)
    station_sn = fields.String(required=True, allow_none=True)
    warehouse_id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True)
    address = fields.String(required=True, allow_none=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    in_time = Boolean(
        required=True, metadata={"description": "false: closed, or too late for the shift; these come last"}
    )
    arrives_at = Time(required=True, allow_none=True)
    leaves_at = Time(required=True, allow_none=True)
    distance_m = fields.Integer(required=True, allow_none=True, metadata={"description": "from the place before"})
    # `load` is a method of every schema.
    loaded = fields.Integer(
        required=True,
        data_key="load",
        attribute="load",
        metadata={"description": "power banks to take along from here"},
    )
    unload = fields.Integer(required=True, metadata={"description": "power banks that stay here"})
    missing = fields.Integer(
        required=True, metadata={"description": "power banks that should stay here, and nobody has"}
    )


class CrewRouteSchema(Schema):
    start = fields.Nested(RoutePointSchema, required=True, allow_none=True)
    items = fields.List(fields.Nested(RouteVisitSchema), required=True)
    seconds = fields.Integer(required=True)
    distance_m = fields.Integer(required=True)
