"""The database: base model, identifiers, column types and `transaction()`."""

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, cast

import psycopg2
import uuid_utils.compat
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import BigInteger, CheckConstraint, DateTime, MetaData, Text, TextClause
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from powerbank.base import clock
from powerbank.base.database_errors import is_away

utcnow = clock.utcnow  # whoever writes times imports it from here

# Constraint names are part of migrations, so they follow one rule instead of the server's guess.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """`timestamptz` that refuses naive times and always answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive time {value!r}: say which zone it is in")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it as a class attribute)
        str: Text,
        datetime: UtcDateTime,
        dict[str, Any]: JSONB,
    }


def new_id() -> uuid.UUID:
    """Make a UUIDv7. It sorts by the time of its making, so inserts stay at the right edge of the index."""
    return uuid_utils.compat.uuid7()


def first_id_of(moment: datetime, shift: timedelta = timedelta(0)) -> uuid.UUID:
    """Give the smallest identifier that is made at that moment, since identifiers begin with its milliseconds.

    The shift is added after the conversion, so that a moment at the end of the calendar does not overflow.
    """
    milliseconds = int((moment.timestamp() + shift.total_seconds()) * 1000)
    return uuid.UUID(int=(min(max(milliseconds, 0), 2**48 - 1) << 80) | (0x7 << 76) | (0b10 << 62))


def one_of(column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    """Let the database hold a column to the values of an enumeration."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value.value) for value in values)})", name=column)


Id = Annotated[uuid.UUID, mapped_column(primary_key=True, default=new_id)]
Paisa = Annotated[int, mapped_column(BigInteger)]


# What the session of a transaction has registered to happen around its commit.
CALLBACKS = ("before_commit", "after_commit")


class SessionOfContext(FlaskSession):
    """A session for which a rollback over a broken connection is done, not failed: the server has rolled back already.

    Flask ends the session after the answer is made. An error there would put a 500 in the place of any answer, and
    leave the broken session behind for another request.
    """

    def rollback(self) -> None:
        """Roll back, and forget what was to happen before and after a commit of what is gone now."""
        with self._dropping_a_broken_connection():
            super().rollback()
        for name in CALLBACKS:
            self.info.get(name, []).clear()

    def close(self) -> None:
        with self._dropping_a_broken_connection():
            super().close()

    @contextmanager
    def _dropping_a_broken_connection(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if not is_away(error):
                raise
            self.invalidate()


# Models derive from Base directly; of Flask-SQLAlchemy we use the engine and the session of each context.
db = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False, "class_": SessionOfContext})

# A revision of the migrations is a number and a name, `0001_outbox`. The line before this one, which ended
# before version 0.9.0, had numbers such as `0033d`, and one name.
MADE_BEFORE_THIS_LINE = "made before version 0.9.0"
_FIRST_LINE = re.compile(r"\d{4}[a-f]?|0010_commands")


def is_of_first_line(revision: str) -> bool:
    """Say whether a database at this revision was made by the line before, and so is not ahead of this code."""
    return _FIRST_LINE.fullmatch(revision) is not None


class NestedTransactionError(RuntimeError):
    """Services never open transactions; only the edge does."""


@contextmanager
def transaction() -> Iterator[Session]:
    """Open a transaction, the one way to write: it commits at the end, rolls back on any exception, refuses to nest.

    What `after_commit` has registered runs once the commit is safe, and not at all after a rollback.
    """
    session: Session = db.session()
    if session.info.get("open"):
        raise NestedTransactionError("transaction() inside transaction()")
    if session.new or session.dirty or session.deleted:
        raise NestedTransactionError("objects were changed outside transaction()")
    if session.in_transaction():  # earlier reads of this request end here, so that the transaction starts fresh
        session.commit()
    session.info["open"] = True
    session.info["before_commit"] = []
    session.info["after_commit"] = []
    try:
        yield session
        for callback in session.info["before_commit"]:
            callback()
        session.commit()
    except BaseException:
        session.rollback()
        session.info.pop("after_commit")
        raise
    finally:
        session.info["open"] = False
    for callback in session.info.pop("after_commit"):
        callback()


def before_commit(callback: Callable[[], None]) -> None:
    """Have `callback` write at the end of the open transaction, when all else is done. It registers nothing more."""
    open_session().info["before_commit"].append(callback)


def after_commit(callback: Callable[[], None]) -> None:
    """Run a callback when the open transaction has committed. It must not raise, and nothing may depend on it: a
    process may die between the commit and the call."""
    open_session().info["after_commit"].append(callback)


def open_session() -> Session:
    """Give the session of the open transaction. Writing without one is a mistake."""
    session: Session = db.session()
    if not session.info.get("open"):
        raise RuntimeError("this needs an open transaction()")
    return session


def read_alone(statement: TextClause, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """Read once outside any transaction and give tuples: one round trip, where BEGIN and ROLLBACK around it make three.

    The most frequent reads go this way, so they ask the driver: SQLAlchemy's own execution costs more than a small
    query, and its AUTOCOMMIT a round trip for the way back.
    """
    if db.session.registry.has() and db.session().in_transaction():
        # It holds a connection; waiting for a second one could lock the pool up.
        return db.session.execute(statement, parameters).all()
    try:
        pooled = db.engine.raw_connection()
    except psycopg2.Error as error:
        raise _refused(statement, error) from error
    try:
        connection: Any = pooled.driver_connection
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(_as_the_driver_reads(statement), parameters)
                return cast("Sequence[Any]", cursor.fetchall())
        finally:
            if not connection.closed:
                connection.autocommit = False
    except psycopg2.Error as error:
        if not pooled.driver_connection.closed:  # type: ignore[union-attr]
            raise _refused(statement, error) from error
        pooled.invalidate(error)
    finally:
        pooled.close()
    # The connection was broken. SQLAlchemy takes the next one, and throws all away if that is broken too.
    with db.engine.connect() as again:
        return again.execute(statement, parameters).all()


@lru_cache(maxsize=256)
def _as_the_driver_reads(statement: TextClause) -> str:
    return str(statement.compile(dialect=db.engine.dialect))


def _refused(statement: TextClause, error: psycopg2.Error) -> BaseException:
    """Make the exception that any other statement would raise, so that one handler knows them all."""
    return DBAPIError.instance(str(statement), None, error, psycopg2.Error, hide_parameters=True)
