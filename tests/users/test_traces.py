"""Two accounts of one phone are one person's, and bring nobody points."""

from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.db import db, transaction, utcnow
from powerbank.users import identifiers, leaving, referrals
from powerbank.users import services as users

PHONE, OTHER, MAIL = "9812345678", "9812345679", "sita@example.com"


def join(username: str, identifier: str) -> UUID:
    address = identifiers.parse(identifier)
    with transaction():
        made = users.create(address=address, username=username, first_name=None, last_name=None, referral_code=None)
    return made.id


def replace(user_id: UUID, identifier: str) -> None:
    with transaction():
        users.set_identifier(users.locked(user_id), identifiers.parse(identifier))


@pytest.mark.parametrize(("first", "then", "reason"), [
    (PHONE, OTHER, "same_phone"), (MAIL, "gita@example.com", "same_email"),
])  # fmt: skip
def test_who_has_the_number_that_the_other_had(context: Flask, first: str, then: str, reason: str) -> None:
    inviter = join("sita", first)
    replace(inviter, then)
    invitee = join("sita2", first)
    assert referrals.refusal_of(invitee, inviter) == reason


def test_who_takes_it_later(context: Flask) -> None:
    inviter, invitee = join("sita", PHONE), join("gita", MAIL)
    assert referrals.refusal_of(invitee, inviter) is None
    replace(inviter, OTHER)
    replace(invitee, PHONE)
    assert referrals.refusal_of(invitee, inviter) == "same_phone"


def test_who_has_left_leaves_no_trace_and_a_trace_tells_no_number(context: Flask) -> None:
    user_id = join("sita", PHONE)
    kept = db.session.execute(text("SELECT * FROM identifier_traces")).all()
    assert len(kept) == 1
    assert PHONE not in str(bytes(kept[0].digest))
    with transaction():
        leaving.leave(user_id, now=utcnow())
    assert db.session.execute(text("SELECT * FROM identifier_traces")).all() == []
