from powerbank.integrations.errors import VendorError, VendorRefusedError


class DeadTokenError(VendorRefusedError):
    """FCM says that the token of a device is gone, or never was one."""


class ExpiredAccessError(VendorError):
    """Our access token expired earlier than it said."""
