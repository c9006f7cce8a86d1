"""Search in what was said, however often it was said.

Of a word that many say, the newest conversations have enough, while the index of words would name a million messages.
Of a word that few say, the index names these few, while a walk through the newest conversations would never end. And
PostgreSQL knows how often the commonest words are said only. So some of the newest are looked at first, and the index
is asked where these have too few.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, any_, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from powerbank.api.paging import after_cursor, page
from powerbank.base.db import db
from powerbank.support.models import Conversation, SupportMessage

NEWEST = 5000  # where a word is said in one of a hundred, they fill a page


def search(query: Select[Any], q: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return a page of those conversations of `query` in which this was said, the newest message first."""
    key = Conversation.last_message_id
    newest = query.where(after_cursor(cursor, key, descending=True)).order_by(key.desc()).limit(NEWEST)
    found = _look_at(newest, q, limit=limit, cursor=cursor)
    if found["next_cursor"] is not None or _count(newest) < NEWEST:
        return found
    return _ask_index(query, q, limit=limit, cursor=cursor)


def _count(some: Select[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _look_at(some: Select[Any], q: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    newest = aliased(Conversation, some.subquery())
    said = exists().where(SupportMessage.conversation_id == newest.id, _is_said(q))
    return page(select(newest).where(said), newest.last_message_id, limit=limit, cursor=cursor, descending=True)


def _ask_index(query: Select[Any], q: str, *, limit: int, cursor: str | None) -> dict[str, Any]:
    """Find all of them one by one, and then order them: PostgreSQL expects more of them than there are, and would
    rather read all conversations, or walk through the newest after all."""
    said = select(SupportMessage.conversation_id).where(_is_said(q)).distinct().scalar_subquery()
    is_one = Conversation.id == any_(func.array(said, type_=ARRAY(Uuid)))
    all_of_them = query.where(is_one).cte("found").prefix_with("MATERIALIZED")
    found = aliased(Conversation, all_of_them)
    return page(select(found), found.last_message_id, limit=limit, cursor=cursor, descending=True)


def _is_said(q: str) -> ColumnElement[bool]:
    words = func.to_tsvector("simple", SupportMessage.text)
    return words.op("@@", is_comparison=True)(func.websearch_to_tsquery("simple", q))
