"""Do what tests of documents do, and read what came of it."""

from collections.abc import Callable

from powerbank.base.db import transaction, utcnow
from powerbank.kyc import services
from powerbank.outbox import relay
from tests.kyc.conftest import Desk

Work = Callable[..., None]


class Killed(BaseException):
    """Ends whatever runs, as a signal would: nothing on the way up catches it."""


def forget(desk: Desk, username: str = "sita") -> None:
    user_id = desk.user_id(username)
    with desk.app.app_context(), transaction():
        services.forget_identity(user_id=user_id, now=utcnow())


def at_once(desk: Desk) -> None:
    """Make failed jobs due, as if the pause before the next try were over."""
    desk.change("UPDATE outbox_jobs SET run_after = now(), lease_until = now() WHERE state = 'open'")
    with desk.app.app_context():
        relay.send_all_open_jobs()


def places(desk: Desk) -> list[tuple[bool, bool, bool]]:
    found = desk.rows("SELECT staged IS NOT NULL, stored_at IS NOT NULL, deleted_at IS NOT NULL FROM kyc_documents")
    return [tuple(row) for row in found]


def jobs(desk: Desk, name: str) -> list[tuple[str, str | None]]:
    return [tuple(row) for row in desk.rows(f"SELECT state, cause FROM outbox_jobs WHERE job = '{name}'")]
