"""What went wrong at a vendor: repeat it, or do not."""

from powerbank.base.errors import PermanentError


class VendorError(Exception):
    """Away, slow, or confused: the same may go through later, if it says so not before `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class VendorRefusedError(PermanentError):
    """A definite no: repeating the same request cannot help."""
