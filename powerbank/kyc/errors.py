from powerbank.base.errors import AppError, ConflictError


class KycPendingError(ConflictError):
    def __init__(self) -> None:
        super().__init__("kyc_pending", "Your documents are being looked at already.")


class KycApprovedError(ConflictError):
    def __init__(self) -> None:
        super().__init__("kyc_approved", "Your identity is confirmed already.")


class NumberTakenError(ConflictError):
    def __init__(self) -> None:
        super().__init__("citizenship_number_taken", "This citizenship number belongs to another account.")


class AlreadyDecidedError(ConflictError):
    def __init__(self) -> None:
        super().__init__("kyc_decided", "This submission does not wait for a decision (any more).")


class ClaimedError(ConflictError):
    def __init__(self) -> None:
        super().__init__("kyc_claimed", "Somebody else looks at this submission now.")


class DocumentsDeletedError(AppError):
    def __init__(self) -> None:
        super().__init__("documents_deleted", 410, "These documents have been deleted.")
