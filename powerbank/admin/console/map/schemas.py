"""What a map asks for: a box, how near it is, and the state that it shows alone."""

from marshmallow import Schema, fields, validate

from powerbank.stations.availability.map_cells import DEEPEST_ZOOM, MapState


class BoxArguments(Schema):
    west = fields.Float(required=True, validate=validate.Range(-180, 180))
    south = fields.Float(required=True, validate=validate.Range(-90, 90))
    east = fields.Float(required=True, validate=validate.Range(-180, 180))
    north = fields.Float(required=True, validate=validate.Range(-90, 90))
    state = fields.Enum(MapState, by_value=True, load_default=None, allow_none=True)


class ViewArguments(BoxArguments):
    zoom = fields.Integer(required=True, validate=validate.Range(0, DEEPEST_ZOOM))


class MembersArguments(BoxArguments):
    after = fields.String(load_default=None, validate=validate.Length(max=100))
