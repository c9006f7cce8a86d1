"""Plays processes that are killed, inside one process.

A killed process takes with it what it did since its last commit, and nothing else: PostgreSQL rolls that back, what is
committed stays, and what was pushed to Redis is there. So two deaths differ only by the commits and pushes that lie
between them, and these are the moments at which one can die here: before a commit, after it, and after its messages
went out. Real workers and SIGKILL are in `tests/faults` and `tests/rentals/test_crashes.py`.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from powerbank.base.db import db
from powerbank.outbox import wire


class Killed(BaseException):
    """The death of a process. It is no `Exception`, so nothing catches it on its way out."""


class Mortality:
    """Kills code at a commit or a push: `with mortality.within(3)` lets it live through three of them, not the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.deaths: Counter[str] = Counter()
        self.commits = 0
        self.left: int | None = None
        self._left: int | None = None
        commit, push = Session.commit, wire.push

        def mortal_commit(session: Session) -> None:
            self._passes("before a commit")
            commit(session)
            self.commits += 1
            self._passes("after a commit")

        def mortal_push(*arguments: Any) -> None:
            push(*arguments)
            self._passes("after a push")

        monkeypatch.setattr(Session, "commit", mortal_commit)
        monkeypatch.setattr(wire, "push", mortal_push)

    @contextmanager
    def within(self, moments: int | None) -> Iterator[None]:
        """Let the code inside live through so many moments; with None it lives to the end. The rest is in `left`."""
        self._left = moments
        try:
            yield
        except Killed:
            db.session.rollback()
        finally:
            self.left, self._left = self._left, None

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Count no moments in the code inside: it has as many of them as others make it wait."""
        left, self._left = self._left, None
        try:
            yield
        finally:
            self._left = left

    def _passes(self, moment: str) -> None:
        if self._left == 0:
            self._left = None
            self.deaths[moment] += 1
            raise Killed(moment)
        if self._left is not None:
            self._left -= 1
