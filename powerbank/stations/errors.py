"""Why nothing can be rented at a station."""

from powerbank.base.errors import AppError, ConflictError


class StationRefusedError(ConflictError):
    """Nothing can be rented at this station now."""


def offline() -> AppError:
    return StationRefusedError("station_offline", "The station does not answer right now.")


def in_maintenance() -> AppError:
    return StationRefusedError("station_maintenance", "The station is being serviced.")


def closed() -> AppError:
    return StationRefusedError("station_closed", "The station is closed at this time.")


def no_bank() -> AppError:
    return StationRefusedError("no_powerbank_available", "No charged power bank is left at this station.")


def package_inactive() -> AppError:
    return StationRefusedError("package_inactive", "This package is not offered at this station.")
