from powerbank.base.errors import AppError


class WrongCredentialsError(AppError):
    def __init__(self) -> None:
        super().__init__("wrong_credentials", 401, "E-mail, password or code is wrong.")


class TotpRequiredError(AppError):
    def __init__(self) -> None:
        super().__init__("totp_required", 401, "Enter the code of your authenticator app as well.")


class WrongPasswordError(AppError):
    """A member who is signed in gave the wrong password or code for a change of the own account."""

    def __init__(self) -> None:
        super().__init__("wrong_password", 403, "The password or code is wrong.")
