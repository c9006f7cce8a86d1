from uuid import UUID, uuid4

from powerbank.base.db import transaction, utcnow
from powerbank.outbox.catalogue import reward_jobs
from powerbank.social import leaderboard, tallies
from powerbank.social.models import Metric
from tests.ledger.conftest import person, user_headers
from tests.points.conftest import drain, run

__all__ = ["did", "drain", "person", "rent", "run", "shown", "user_headers"]


def rent(user_id: UUID, times: int = 1, *, on_time: bool = True, rental: str | None = None) -> None:
    for _ in range(times):
        run(
            reward_jobs.COUNT_RENTAL,
            rental_id=rental or str(uuid4()),
            user_id=str(user_id),
            on_time=on_time,
            late=not on_time,
        )


def did(user_id: UUID, **what: int) -> None:
    """Count an event, and leave its jobs for later."""
    counted = {Metric(name): by for name, by in what.items()}
    with transaction():
        tallies.count_event(user_id=user_id, kind="test", object_id=str(uuid4()), at=utcnow(), what=counted)


def shown(user_id: UUID) -> None:
    with transaction():
        leaderboard.refresh_standings(user_id)
