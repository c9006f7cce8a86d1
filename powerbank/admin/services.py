"""What staff do to people's accounts."""

from uuid import UUID

from powerbank.admin.events import AccountStatusChanged
from powerbank.auth.people import sessions
from powerbank.base.db import open_session
from powerbank.outbox.catalogue import account_jobs
from powerbank.outbox.enqueue import enqueue, publish
from powerbank.users import services as users
from powerbank.users.models import User


def change_user_status(user_id: UUID, status: str, *, reason: str) -> str | None:
    """The status before, or None if it was this one already. It holds at once, and the person is told."""
    user, before = users.change_status(user_id, status)
    if before == status:
        return None
    _end_sessions(user)
    publish(AccountStatusChanged(user_id=user.id, status=status, reason=reason))
    enqueue(account_jobs.ADMIN_USER_ACTION, user_id=str(user.id), status=status)
    return before


def follow_up_status(user_id: UUID, status: str) -> None:
    """Nothing to do for who is gone, or whose status changed again: that change has a job of its own."""
    user = open_session().get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or user.status != status:
        return
    _end_sessions(user)


def _end_sessions(user: User) -> None:
    """Who is suspended may still sign in, to pay."""
    if not users.may_sign_in(user):
        sessions.end_sessions_of_user(user.id, user.status)
