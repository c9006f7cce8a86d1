"""Processes of the web server tell the clock of their host."""

import pytest
from sqlalchemy import text

from powerbank.base.db import db
from tests.api.server.conftest import Server
from tests.nursery import wait_until

pytestmark = pytest.mark.faults  # a server of its own


@pytest.mark.usefixtures("context")
def test_a_process_of_the_web_server_tells_the_clock_of_its_host(server: Server) -> None:
    """Where a host runs no other program, nobody else would."""
    told = text("SELECT clock_ahead FROM heartbeats WHERE kind = 'web' AND seen_at > now() - interval '15 s'")

    def clocks() -> list[float]:
        db.session.rollback()
        return list(db.session.scalars(told))

    wait_until(lambda: clocks() != [], 15, "it beats")
    assert clocks() == [pytest.approx(0, abs=1)]
