"""Two accounts of one phone are one person's, and bring nobody points, be it that one of them has ended."""

from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from powerbank.auth import cleanup
from powerbank.base.db import db, transaction, utcnow
from powerbank.points import earnings
from powerbank.points.earnings import Earning
from powerbank.users import identifier_traces, identifiers, lifecycle, referrals
from powerbank.users import services as users

PHONE, OTHER, MAIL = "9812345678", "9812345679", "sita@example.com"


def join(username: str, identifier: str) -> UUID:
    address = identifiers.parse_contact_address(identifier)
    with transaction():
        made = users.create_user(
            contact=address, username=username, first_name=None, last_name=None, referral_code=None
        )
    return made.id


def replace(user_id: UUID, identifier: str) -> None:
    with transaction():
        users.set_identifier(users.lock_user(user_id), identifiers.parse_contact_address(identifier))


@pytest.mark.parametrize(
    ("first", "then", "reason"),
    [
        (PHONE, OTHER, "same_phone"),
        (MAIL, "gita@example.com", "same_email"),
    ],
)
def test_who_has_the_former_number_of_another_is_the_same_person(
    context: Flask, first: str, then: str, reason: str
) -> None:
    inviter = join("sita", first)
    replace(inviter, then)
    invitee = join("sita2", first)
    assert referrals.find_refusal(invitee, inviter) == reason


def test_who_takes_a_former_number_later_is_the_same_person(context: Flask) -> None:
    inviter, invitee = join("sita", PHONE), join("gita", MAIL)
    assert referrals.find_refusal(invitee, inviter) is None
    replace(inviter, OTHER)
    replace(invitee, PHONE)
    assert referrals.find_refusal(invitee, inviter) == "same_phone"


def test_who_has_left_leaves_digests_that_tell_no_number_and_no_device(context: Flask) -> None:
    user_id = join("sita", PHONE)
    with transaction():
        identifier_traces.record_trace(user_id, kind="device", value="device-token-0001")
        lifecycle.end_account(user_id, now=utcnow())
    (kept,) = db.session.execute(text("SELECT kind, digest FROM identifier_traces")).all()
    assert kept.kind == "phone"
    assert PHONE not in str(bytes(kept.digest))


@pytest.mark.parametrize(("days", "left"), [(729, 1), (731, 0)])
def test_digests_are_forgotten_two_years_after_an_account_ended(context: Flask, days: int, left: int) -> None:
    gone, there = join("sita", PHONE), join("gita", OTHER)
    with transaction():
        lifecycle.end_account(gone, now=utcnow())
    with transaction():
        cleanup.prune_sign_ins(now=utcnow() + timedelta(days=days))
    assert db.session.scalar(text("SELECT count(*) FROM identifier_traces")) == left + 1
    assert referrals.find_refusal(join("sita2", PHONE), there) == ("returning" if left else None)


class TestWhoComesBack:
    """An account that is deleted and made again is the same person's, and gets nothing twice."""

    def test_a_returning_person_earns_nobody_a_referral(self, context: Flask) -> None:
        inviter, gone = join("gita", OTHER), join("sita", PHONE)
        assert referrals.find_refusal(gone, inviter) is None
        with transaction():
            lifecycle.end_account(gone, now=utcnow())
        assert referrals.find_refusal(join("sita2", PHONE), inviter) == "returning"

    def test_is_known_by_a_number_that_was_given_up_before(self, context: Flask) -> None:
        inviter, gone = join("gita", OTHER), join("sita", MAIL)
        replace(gone, PHONE)
        replace(gone, "9812345670")
        with transaction():
            lifecycle.end_account(gone, now=utcnow())
        for number, identifier in enumerate((MAIL, PHONE, "9812345670")):
            assert referrals.find_refusal(join(f"again{number}", identifier), inviter) == "returning"

    def test_a_newcomer_does_not_count_as_returning(self, context: Flask) -> None:
        inviter, gone = join("gita", OTHER), join("sita", PHONE)
        with transaction():
            lifecycle.end_account(gone, now=utcnow())
        assert referrals.find_refusal(join("rita", "9812345670"), inviter) is None
        # The first person from an address stays a newcomer, although others came from it later.
        assert identifier_traces.list_earlier_accounts(inviter) == []

    @pytest.mark.parametrize("earning", [Earning.SIGNUP, Earning.KYC])
    def test_a_returning_person_earns_each_award_once(self, context: Flask, earning: Earning) -> None:
        def give(user_id: UUID) -> int:
            with transaction():
                return earnings.award_earning(user_id=user_id, earning=earning, object_id=str(user_id))

        first = join("sita", PHONE)
        assert give(first) > 0
        with transaction():
            lifecycle.end_account(first, now=utcnow())
        assert give(join("sita2", PHONE)) == 0
        assert give(join("rita", OTHER)) > 0

    def test_a_person_who_left_before_earning_earns_later(self, context: Flask) -> None:
        first = join("sita", PHONE)
        with transaction():
            lifecycle.end_account(first, now=utcnow())
        again = join("sita2", PHONE)
        with transaction():
            assert earnings.award_earning(user_id=again, earning=Earning.SIGNUP, object_id=str(again)) > 0
