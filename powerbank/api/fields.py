"""Fields of schemas that look the same in every answer."""

from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields

from powerbank.base import money
from powerbank.base.clock import format_time


class Time(fields.AwareDateTime):
    """A time, ISO 8601 in UTC with `Z`. It takes any zone and refuses a time without one."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else format_time(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment: datetime = super()._deserialize(value, attr, data, **kwargs)
        try:
            return moment.astimezone(UTC)
        except OverflowError:  # the first or last hours of the calendar, seen from another zone
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None


class Boolean(fields.Boolean):
    """`true` or `false`, as JSON or as text of a query or form. marshmallow alone takes `on`, `y` and `0.0` too."""

    truthy = {"true"}  # noqa: RUF012 (marshmallow's way)
    falsy = {"false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool | str):
            raise self.make_error("invalid", input=value)
        return value if isinstance(value, bool) else super()._deserialize(value, attr, data, **kwargs)


class Money(fields.Field[int]):
    """An amount: whole paisa in the code, `"150.00"` in the API. A JSON number is refused, because it may have been
    rounded, and nobody knows whether it means rupees or paisa."""

    def __init__(self, *, least: int | None = 1, most: int = money.MOST, **kwargs: Any) -> None:
        """`least` is in paisa; None allows amounts below zero, and then not zero itself."""
        self.least, self.most = least, most
        pattern = money.SIGNED_PATTERN if least is None else money.PATTERN
        metadata = {"pattern": pattern, "example": "150.00"} | kwargs.pop("metadata", {})
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else money.format_amount(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str):
            raise ValidationError('Write an amount as text, "150.00".')
        try:
            amount = money.parse_amount(value)
        except ValueError:
            raise ValidationError('Not an amount: up to 11 digits and two decimals, "150.00".') from None
        if self.least is None and amount == 0:
            raise ValidationError("Must not be zero.")
        if self.least is not None and (amount < self.least or value.startswith("-")):
            raise ValidationError(f"Must be at least {money.format_amount(self.least)}.")
        if abs(amount) > self.most:
            raise ValidationError(f"Must be at most {money.format_amount(self.most)}.")
        return amount
