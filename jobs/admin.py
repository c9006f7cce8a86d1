"""Jobs that follow what staff do to accounts."""

from uuid import UUID

from powerbank.admin import services


def admin_user_action(*, user_id: str, status: str) -> None:
    services.follow_up_status_change(UUID(user_id), status)
