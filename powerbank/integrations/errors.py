"""Errors of vendors, which say whether the same call may be repeated."""

from powerbank.base.errors import PermanentError


class VendorError(Exception):
    """The vendor is away, slow or confused, so the same call may succeed later.

    It may say that it wants no call before `retry_after` seconds.
    """

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class VendorRefusedError(PermanentError):
    """The vendor refuses the call, and repeating it cannot help."""
