"""The schemas of pages, lists and configuration."""

from datetime import datetime, timedelta
from typing import Any

from marshmallow import Schema, fields, validate, validates_schema
from marshmallow.exceptions import ValidationError

from powerbank.api.fields import Boolean, Time
from powerbank.api.paging import PageArguments
from powerbank.base.db import utcnow
from powerbank.content.models import Language, Platform, RevisionState, Slug

VERSION = validate.Regexp(r"^\d{1,9}(\.\d{1,9}){1,2}([-+][\w.]{1,40})?\Z", error="A version looks like 2.4.1.")
LANGUAGES = validate.OneOf([*Language])
POSITION = validate.Range(-10_000, 10_000)


def _within_ten_years(moment: datetime) -> None:
    if moment > utcnow() + timedelta(days=3653):
        raise ValidationError("At most ten years from now.")


class PageSchema(Schema):
    slug = fields.String(required=True)
    language = fields.String(required=True)
    title = fields.String(required=True)
    body = fields.String(required=True, metadata={"description": "Markdown"})
    published_at = Time(required=True)


class FaqEntrySchema(Schema):
    id = fields.UUID(required=True)
    question = fields.String(required=True)
    answer = fields.String(required=True)


class FaqSchema(Schema):
    items = fields.List(fields.Nested(FaqEntrySchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class VersionArguments(Schema):
    platform = fields.String(required=True, validate=validate.OneOf([*Platform]))
    version = fields.String(required=True, validate=VERSION)


class VersionSchema(Schema):
    platform = fields.String(required=True)
    version = fields.String(required=True)
    latest = fields.String(required=True, allow_none=True)
    minimum = fields.String(required=True, allow_none=True)
    update = fields.String(required=True, validate=validate.OneOf(["none", "available", "required"]))
    notes = fields.String(required=True)
    store_url = fields.String(required=True, allow_none=True)


class BannerCardSchema(Schema):
    id = fields.UUID(required=True)
    title = fields.String(required=True)
    image_url = fields.String(required=True)
    link_url = fields.String(required=True, allow_none=True)


class BannerCardsSchema(Schema):
    items = fields.List(fields.Nested(BannerCardSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class CountryCardSchema(Schema):
    code = fields.String(required=True)
    name = fields.String(required=True)
    dial_code = fields.String(required=True)
    currency = fields.String(required=True)


class CountryCardsSchema(Schema):
    items = fields.List(fields.Nested(CountryCardSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class RevisionSchema(Schema):
    id = fields.UUID(dump_only=True)
    slug = fields.String(required=True, validate=validate.OneOf([*Slug]))
    language = fields.String(load_default=Language.ENGLISH.value, validate=LANGUAGES)
    title = fields.String(required=True, validate=validate.Length(1, 200))
    body = fields.String(required=True, validate=validate.Length(1, 200_000))
    publish_at = Time(load_default=None, allow_none=True, validate=_within_ten_years)
    state = fields.String(dump_only=True, validate=validate.OneOf([*RevisionState]))
    published_at = Time(dump_only=True, allow_none=True)
    removed_at = Time(dump_only=True, allow_none=True)
    created_at = Time(dump_only=True)


class RevisionChangeSchema(Schema):
    title = fields.String(validate=validate.Length(1, 200))
    body = fields.String(validate=validate.Length(1, 200_000))
    publish_at = Time(allow_none=True, validate=_within_ten_years, metadata={"description": "Null: now."})


class RevisionArguments(PageArguments):
    slug = fields.String(load_default=None, validate=validate.OneOf([*Slug]))
    language = fields.String(load_default=None, validate=LANGUAGES)
    state = fields.String(load_default=None, validate=validate.OneOf([*RevisionState]))


class FaqItemSchema(Schema):
    id = fields.UUID(dump_only=True)
    language = fields.String(load_default=Language.ENGLISH.value, validate=LANGUAGES)
    question = fields.String(required=True, validate=validate.Length(1, 500))
    answer = fields.String(required=True, validate=validate.Length(1, 20_000))
    position = fields.Integer(load_default=0, strict=True, validate=POSITION)
    active = Boolean(load_default=True)


class BannerSchema(Schema):
    id = fields.UUID(dump_only=True)
    language = fields.String(
        load_default=None, allow_none=True, validate=LANGUAGES, metadata={"description": "Without one, for all."}
    )
    title = fields.String(required=True, validate=validate.Length(1, 200))
    image_url = fields.Url(required=True, schemes={"https"}, validate=validate.Length(max=2000))
    link_url = fields.Url(load_default=None, allow_none=True, schemes={"https"}, validate=validate.Length(max=2000))
    position = fields.Integer(load_default=0, strict=True, validate=POSITION)
    active = Boolean(load_default=True)
    starts_at = Time()
    ends_at = Time(load_default=None, allow_none=True)

    @validates_schema
    def _window(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("starts_at") and data.get("ends_at") and data["ends_at"] <= data["starts_at"]:
            raise ValidationError("Ends before it starts.", "ends_at")


class AppVersionSchema(Schema):
    id = fields.UUID(dump_only=True)
    platform = fields.String(required=True, validate=validate.OneOf([*Platform]))
    version = fields.String(required=True, validate=VERSION)
    mandatory = Boolean(load_default=False)
    notes = fields.String(load_default="", validate=validate.Length(max=5000))
    store_url = fields.Url(load_default=None, allow_none=True, schemes={"https"}, validate=validate.Length(max=2000))
    released_at = Time()


class CountrySchema(Schema):
    id = fields.UUID(dump_only=True)
    code = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{2}\Z"))
    name = fields.String(required=True, validate=validate.Length(1, 100))
    dial_code = fields.String(required=True, validate=validate.Regexp(r"^\+\d{1,4}\Z"))
    currency = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}\Z"))
    active = Boolean(load_default=True)


class ConfigSchema(Schema):
    key = fields.String(dump_only=True)
    value = fields.Raw(required=True, allow_none=True)
    reason = fields.String(
        load_only=True,
        load_default=None,
        allow_none=True,
        validate=validate.Length(1, 500),
        metadata={"description": "Why; it stands in the audit log."},
    )
    default = fields.Raw(dump_only=True, allow_none=True)
    description = fields.String(dump_only=True)
    updated_at = Time(dump_only=True, allow_none=True)
    updated_by = fields.String(dump_only=True, allow_none=True)


class ConfigReasonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(3, 500))


class ConfigListSchema(Schema):
    items = fields.List(fields.Nested(ConfigSchema), required=True)
    next_cursor = fields.String(dump_default=None, allow_none=True)
