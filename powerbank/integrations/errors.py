"""What went wrong at a vendor: repeat it, or do not."""

from powerbank.errors import PermanentError


class VendorError(Exception):
    """Away, slow, or confused: the same request may go through later."""


class VendorRefusedError(PermanentError):
    """A definite no: repeating the same request cannot help."""
