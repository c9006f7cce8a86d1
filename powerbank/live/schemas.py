from marshmallow import Schema, fields, validate

MOST_TOPICS = 20
LONGEST_TOPIC = 120


class TopicsSchema(Schema):
    topics = fields.List(
        fields.String(validate=validate.Length(min=1, max=LONGEST_TOPIC)),
        required=True,
        validate=validate.Length(min=1, max=MOST_TOPICS),
        metadata={"description": "What to follow, such as `me` or `rental:<id>`.", "example": ["me"]},
    )


class TicketSchema(Schema):
    ticket = fields.String(required=True)
    url = fields.String(required=True, metadata={"description": "Where the stream is. It has the ticket in it."})
    expires_in = fields.Integer(required=True, metadata={"description": "In seconds."})
