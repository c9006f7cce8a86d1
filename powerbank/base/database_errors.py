"""The meaning of the database's errors: it is away, it refused what somebody asked for, or we made a mistake.

The caller is told only of a refusal that the code foresees, by the constraint's name, where it writes the row
(`refusing_on`). Every other refusal of the database is our mistake, and answered as one.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy.exc import DBAPIError, IntegrityError

from powerbank.base.errors import AppError, ConflictError, InvalidFieldsError

# Classes of codes: the server ends or begins, connections are broken, it has no disk, memory or connections left, or
# its files cannot be read. It is in trouble, whatever the statement, and the same statement works when that is over. So
# it is with a server that takes no writes (25006): a primary that is no primary now, or not yet again.
_AWAY = ("57P", "08", "53", "58", "25006")
# A page or an index of the server is damaged. It is no mistake of ours, but does not pass by itself: a job that reads
# it ends as a dead letter, so that the others go on.
_DAMAGED = ("XX001", "XX002")
# The driver itself raises these. They have no code either, and are mistakes of ours.
_OUR_MISTAKES = (psycopg2.ProgrammingError, psycopg2.NotSupportedError, psycopg2.DataError, psycopg2.IntegrityError)


def is_away(error: DBAPIError) -> bool:
    """Say whether asking again later is right. The server sends a code; without one the connection broke."""
    sqlstate = _sqlstate(error)
    if error.connection_invalidated or sqlstate is None:
        return error.connection_invalidated or not isinstance(error.orig, _OUR_MISTAKES)
    return sqlstate.startswith(_AWAY)


def is_damaged(error: DBAPIError) -> bool:
    """Say whether the server found what it stored to be damaged."""
    return _sqlstate(error) in _DAMAGED


def constraint_of(error: DBAPIError) -> str | None:
    return getattr(getattr(error.orig, "diag", None), "constraint_name", None)


def describe_for_log(error: DBAPIError) -> dict[str, str | None]:
    """Describe an error for the log. Its own text quotes rows and statements, which may be personal."""
    return {"error": type(error.orig).__name__, "sqlstate": _sqlstate(error), "constraint": constraint_of(error)}


def format_stack(error: DBAPIError) -> str:
    """Say where in our code the statement stands: a traceback without the error's own text."""
    return "".join(traceback.format_tb(error.__traceback__))


Refusals = dict[str | type[psycopg2.Error], AppError]


@contextmanager
def refusing_on(refusals: Refusals) -> Iterator[None]:
    """Tell the caller of a refusal by the database: `{"uq_staff_email": ConflictError("email_taken", …)}`.

    The statement must run inside, so flush there. A class of errors in the place of a name stands for every constraint
    of its kind: a row that is deleted may be referred to from anywhere.
    """
    try:
        yield
    except IntegrityError as refused:
        kind = type(refused.orig)
        refusal = refusals.get(constraint_of(refused) or "")
        refusal = refusal or (refusals.get(kind) if issubclass(kind, psycopg2.Error) else None)
        if refusal is None:
            raise
        raise refusal from None


def already_exists_error() -> AppError:
    return ConflictError("already_exists", "Something with these values exists already.")


def in_use_error() -> AppError:
    return ConflictError("in_use", "This is connected with something else.")


def inconsistent_error() -> AppError:
    errors = {"_schema": ["These values do not go together."]}
    return InvalidFieldsError(errors)


def _sqlstate(error: DBAPIError) -> str | None:
    found: str | None = getattr(error.orig, "pgcode", None)
    return found
