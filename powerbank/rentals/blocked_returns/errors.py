"""The refusals of blocked returns."""

from powerbank.base.errors import AppError, InvalidFieldsError


def station_needed() -> AppError:
    return InvalidFieldsError({"station_sn": ["Missing data for required field."]})
