"""The cells that many lists of the console have: a person, and a member of staff."""

from typing import Any
from uuid import UUID

from markupsafe import Markup

from powerbank.auth.staff import queries as staff_queries
from powerbank.pages.lists import Column, Path


def person(label: str, value: Path = "user_id") -> Column:
    """Show a person by the end of their number, which leads to all about them."""
    return Column(label, value, lambda given, _row: write_person(given))


def member(label: str, value: Path) -> Column:
    """Show a member of staff, given by the id or as the actor of an audit row."""
    return Column(label, value, lambda given, _row: write_actor(given), export=lambda given, _row: write_member(given))


def write_person(user_id: Any) -> Markup:
    return Markup('<a href="/console/people/{}"><code>…{}</code></a>').format(user_id, str(user_id)[-8:])


def write_actor(given: Any) -> str | Markup:
    """Write whoever did something: a member of staff, a person, or a part of the system."""
    kind, _, owner = str(given).partition(":")
    return write_person(owner) if kind == "user" else write_member(given)


def write_member(given: Any) -> str:
    """Write the address of a member of staff; whoever else it is keeps its own name."""
    written = str(given).removeprefix("staff:")
    try:
        staff_id = UUID(written)
    except ValueError:
        return written
    return staff_queries.find_email(staff_id) or written
