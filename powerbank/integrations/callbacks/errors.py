"""Why a callback was not made."""

from powerbank.integrations.errors import VendorRefusedError


class CallbackRefusedError(VendorRefusedError):
    """This address will not be called, or did not want to be."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the callback's address {why}")
