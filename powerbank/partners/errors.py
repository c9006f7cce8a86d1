from powerbank.base.errors import AppError, ConflictError


class AgreementOverlapsError(ConflictError):
    def __init__(self) -> None:
        super().__init__("agreement_overlaps", "One of these stations has an agreement for some of these days.")


class NotAMemberError(AppError):
    def __init__(self) -> None:
        super().__init__("not_a_partner", 403, "You belong to no partner.")


class OwnersOnlyError(AppError):
    def __init__(self) -> None:
        super().__init__("owners_only", 403, "Only an owner of the partner may do this.")
