"""Fields that look the same in every answer."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import fields


class Time(fields.AwareDateTime):
    """ISO 8601 in UTC with `Z`. Takes any zone, refuses a time without one."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else show_time(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or last hours of the calendar, seen from another zone
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


def show_time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
