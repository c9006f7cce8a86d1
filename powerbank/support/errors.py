"""Why a conversation does not go on."""

from uuid import UUID

from powerbank.base.errors import AppError, ConflictError


def conversation_closed() -> AppError:
    return ConflictError("conversation_closed", "This conversation is closed. Begin a new one.")


def already_rated() -> AppError:
    return ConflictError("already_rated", "You have rated this conversation already.")


def not_solved() -> AppError:
    return ConflictError("not_solved", "This conversation goes on. It can be rated when it is solved.")


def answered_meanwhile(message_id: UUID) -> AppError:
    return ConflictError(
        "answered_meanwhile", "A colleague has answered since you looked.", newest_message_id=str(message_id)
    )


def cannot_be_merged(detail: str) -> AppError:
    return ConflictError("cannot_be_merged", detail)
