"""Notes what was done to the system in its own database, where the metrics find it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

import config
from powerbank import create_app
from powerbank.base.db import db, transaction, utcnow
from powerbank.ops.machinery import maintenance
from powerbank.ops.models import MaintenanceKind
from scripts.production import accounts


@dataclass
class Run:
    """What a run says of itself in the end, and the lines that it showed."""

    detail: str = ""
    lines: list[str] = field(default_factory=list)

    def tell(self, words: str) -> None:
        self.lines.append(words)
        print(words, flush=True)


@contextmanager
def noted(kind: MaintenanceKind, settings: config.Settings) -> Iterator[Run]:
    """Note the run that happens inside, however it ends. A database that is away, or too old to have the table, hides
    nothing of what came of it."""
    app = create_app(settings, rules=False)
    with accounts.as_service_account(), app.app_context():
        began = utcnow()
        db.engine.dispose()
    run, failure = Run(), None
    try:
        yield run
    except BaseException as error:
        failure = error
        raise
    finally:
        try:
            with accounts.as_service_account(), app.app_context(), transaction():
                maintenance.note_run(
                    kind,
                    version=config.VERSION,
                    started_at=began,
                    finished_at=utcnow(),
                    succeeded=failure is None,
                    detail=(run.detail if failure is None else str(failure) or repr(failure))[:2000],
                )
        except SQLAlchemyError as away:
            run.tell(f"This could not be noted in the database: {str(away).splitlines()[0]}")
        with app.app_context():
            db.engine.dispose()  # a restore that follows must find nobody connected
