from powerbank.base.errors import AppError


class WrongCodeError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_code", 401, "This code is wrong or no longer valid. Ask for a new one.")


class VerificationExpiredError(AppError):
    def __init__(self) -> None:
        super().__init__("verification_expired", 410, "Verify your number or address again.")


class NoAccountError(AppError):
    def __init__(self) -> None:
        super().__init__("no_account", 404, "There is no account yet. Make one in the app first.")
