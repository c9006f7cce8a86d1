"""Finds out whether the servers that every request needs can serve this code."""

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from powerbank.base.db import MADE_BEFORE_THIS_LINE, db, is_of_first_line
from powerbank.base.redis_clients import describe_failure, push_redis

AT_HEAD, AHEAD = "ok", "ahead of this code"
FIT = (AT_HEAD, AHEAD)  # states of the database on which this code can serve


def read_database_state() -> str:
    """Say whether the database answers and has the migrations of this code."""
    try:
        found = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return "away, or never migrated"
    known = _migrations()
    if found == known[0]:
        return AT_HEAD
    if found in known or found is None:
        return f"migrations at {found}, the code needs {known[0]}"
    # A revision that this code does not know came after it, and only adds; deploy/README.md says why older code serves
    # on it.
    return MADE_BEFORE_THIS_LINE if is_of_first_line(found) else AHEAD


def _migrations() -> list[str]:
    """List the revisions that this code has, the newest first. They are read once for each process, since the scripts
    do not change while it runs."""
    known: list[str] | None = current_app.extensions.get("migration_ids")
    if known is None:
        scripts = Config()
        scripts.set_main_option("script_location", str(current_app.extensions["migrate"].directory))
        known = [script.revision for script in ScriptDirectory.from_config(scripts).walk_revisions()]
        current_app.extensions["migration_ids"] = known
    return known


def read_redis_state() -> str:
    """Say whether Redis answers."""
    try:
        push_redis().ping()  # which does not wait for long: a probe that takes seconds has failed
    except RedisError as error:
        return describe_failure(error)
    return "ok"
