from typing import Any

from powerbank.base.errors import AppError


class AccountBlockedError(AppError):
    """The account was banned or deleted, so its person may neither sign in nor change anything."""

    def __init__(self, **data: Any) -> None:
        super().__init__("account_blocked", 403, "This account is blocked.", **data)
