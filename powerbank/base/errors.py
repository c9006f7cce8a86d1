"""Refusals that a caller is told of. One handler (`powerbank.api.problems`) renders them all."""

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """A refusal with a stable code. `data` becomes extra members of the problem document."""

    retry_after: int | None = None  # seconds, sent as Retry-After

    def __init__(self, code: str, status: int, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.detail = detail
        self.data = data


class NotFoundError(AppError):
    """There is no such thing, or it belongs to somebody else: a caller is not told which."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", 404, f"There is no such {what}.")


class InvalidFieldsError(AppError):
    """The request is well formed, but what it says cannot be true. `errors` holds the messages of each field."""

    def __init__(self, errors: Mapping[str, Any], detail: str = "Some fields are missing or wrong.") -> None:
        super().__init__("validation_failed", 422, detail, errors=errors)


class ConflictError(AppError):
    def __init__(self, code: str, detail: str, **data: Any) -> None:
        super().__init__(code, 409, detail, **data)


class UnavailableError(AppError):
    """A part we need is away; asking again later is right."""

    def __init__(self, code: str, detail: str, retry_after: int = 5) -> None:
        super().__init__(code, 503, detail)
        self.retry_after = retry_after


class NotAdmittedError(UnavailableError):
    """The system is too slow for this now. It was refused before anything of it began."""


class TooManyError(AppError):
    def __init__(self, retry_after: int) -> None:
        super().__init__("rate_limited", 429, "Too many requests; try again later.")
        self.retry_after = retry_after


class PermanentError(Exception):
    """A job that raises this is not retried: repeating it cannot help."""
