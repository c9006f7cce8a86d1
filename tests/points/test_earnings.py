"""What earns points: once for each thing, however often it is told, and not for what was given back."""

from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from powerbank.base.db import db, transaction, utcnow
from powerbank.content import app_config
from powerbank.kyc import citizenship_numbers
from powerbank.kyc import services as kyc
from powerbank.outbox.catalogue import reward_jobs
from powerbank.outbox.catalogue.account_jobs import POST_REGISTRATION
from powerbank.users import lifecycle, referrals
from powerbank.users.models import Referral
from tests.ledger.conftest import Person, assert_books_are_right, key, make_person
from tests.points.conftest import befriend, complete, drain, give_back, has, pay, run, tell_topup, topped_up


def told(user_id: UUID) -> list[str]:
    db.session.rollback()
    query = text("SELECT type FROM notices WHERE user_id = :user_id ORDER BY id")
    return list(db.session.scalars(query, {"user_id": user_id}))


class TestEachOnce:
    def test_a_rental_told_ten_times_is_one_award(self, person: Person) -> None:
        user_id, rental = person(), str(uuid4())
        for _ in range(10):
            complete(user_id, rental)
        assert has(user_id).points == 5 + 10
        assert told(user_id) == ["points_earned"] * 2  # for the rental, and for being on time
        assert_books_are_right()

    def test_late_is_not_on_time(self, person: Person) -> None:
        user_id = person()
        complete(user_id, on_time=False)
        assert has(user_id).points == 5

    @pytest.mark.parametrize(("amount", "earned"), [(99_99, 0), (100_00, 10), (999_00, 90)])
    def test_a_topup_by_its_full_hundreds(self, person: Person, amount: int, earned: int) -> None:
        user_id = person()
        topup = topped_up(user_id, amount)
        tell_topup(user_id, topup, amount)
        assert has(user_id).points == earned

    def test_an_identity_is_approved_once(self, person: Person) -> None:
        user_id = person()
        for _ in range(2):
            run(reward_jobs.REWARD_KYC, user_id=str(user_id), submission_id=key())
        assert has(user_id).points == 25

    def test_joining_earns_points_once(self, person: Person) -> None:
        user_id = person()
        run(POST_REGISTRATION, user_id=str(user_id), referral_code=None)
        assert has(user_id).points == 50

    def test_the_configuration_says_how_many_points(self, person: Person) -> None:
        user_id = person()
        with transaction():
            app_config.set_value("points_rental", 7, actor="test")
            app_config.set_value("points_on_time", 0, actor="test")
        complete(user_id)
        assert has(user_id).points == 7

    def test_a_person_who_has_left_gets_no_points_and_gives_none(self, person: Person) -> None:
        user_id = person(points=100)
        with transaction():
            lifecycle.end_account(user_id, now=utcnow())
        assert has(user_id).points == 0
        complete(user_id)
        assert has(user_id).points == 0
        assert_books_are_right()


class TestReferrals:
    def test_invitee_and_inviter_get_points_at_their_time(self, person: Person) -> None:
        invitee, inviter = person(), person()
        befriend(invitee=invitee, inviter=inviter)
        assert (has(invitee).points, has(inviter).points) == (50, 0)
        complete(invitee)
        complete(invitee)
        assert (has(invitee).points, has(inviter).points) == (50 + 30, 100)

    def test_the_inviter_gets_points_at_once_where_configured(self, person: Person) -> None:
        with transaction():
            app_config.set_value("referral_award_on", "signup", actor="test")
        invitee, inviter = person(), person()
        befriend(invitee=invitee, inviter=inviter)
        assert has(inviter).points == 100
        complete(invitee)
        assert has(inviter).points == 100

    def test_a_first_rental_after_a_month_rewards_nobody(self, person: Person) -> None:
        invitee, inviter = person(), person()
        referral = befriend(invitee=invitee, inviter=inviter)
        with transaction() as session:
            session.execute(text("UPDATE referrals SET expires_at = now() - interval '1 second'"))
        complete(invitee)
        assert has(inviter).points == 0
        assert (db.session.get_one(Referral, referral).status, db.session.get_one(Referral, referral).reason) == (
            "rejected",
            "expired",
        )

    def test_a_pair_that_turned_out_to_be_one_person(self, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        invitee, inviter = person(), person()
        referral = befriend(invitee=invitee, inviter=inviter)
        monkeypatch.setattr(referrals, "_rules", [lambda one, other: "same_device"])
        complete(invitee)
        assert has(inviter).points == 0
        assert db.session.get_one(Referral, referral, populate_existing=True).reason == "same_device"

    def test_a_rental_that_was_paid_back_already_is_not_the_first(self, person: Person) -> None:
        invitee, inviter, rental = person(wallet=50_00), person(), str(uuid4())
        befriend(invitee=invitee, inviter=inviter)
        give_back(pay(invitee, rental, 50_00))
        complete(invitee, rental)
        assert (has(inviter).points, told(inviter)) == (0, [])
        complete(invitee)
        assert has(inviter).points == 100
        assert told(inviter) == ["referral_success"]

    def test_a_first_rental_that_was_paid_back_brought_nobody_anything(self, person: Person) -> None:
        invitee, inviter, rental = person(wallet=50_00), person(), str(uuid4())
        befriend(invitee=invitee, inviter=inviter)
        paid = pay(invitee, rental, 50_00)
        complete(invitee, rental)
        assert has(inviter).points == 100
        give_back(paid, 49_00)
        drain()
        assert has(inviter).points == 100  # it was a rental all the same
        give_back(paid)
        drain()
        assert has(inviter).points == 0


def test_lots_that_differ_from_the_ledger_are_refused_by_the_database(context: Flask) -> None:
    make_person(points=10)
    with pytest.raises(DBAPIError, match="lots of 9 and 0"), transaction() as session:
        session.execute(text("UPDATE points_lots SET available = 9"))


def test_my_points_and_their_history(client: FlaskClient, person: Person, user_headers: object) -> None:
    user_id = person(wallet=100_00)
    complete(user_id)
    pay(user_id, "other", 0, points=4)
    headers = user_headers(user_id)  # type: ignore[operator]
    mine = client.get("/api/points", headers=headers).get_json()
    assert (mine["points"], mine["held"], mine["due"], mine["value"]) == (11, 0, 0, "1.10")
    assert [lot["points"] for lot in mine["expiring"]] in ([1, 10], [6, 5])
    items = client.get("/api/points/history", headers=headers).get_json()["items"]
    assert next((item["kind"], item["points"], item["balance"]) for item in items) == ("spend", -4, 11)
    assert {item["reason"] for item in items[1:]} == {"rental", "on_time"}


def test_who_sent_the_same_document_number_is_the_same_person(person: Person) -> None:
    invitee, inviter, stranger = person(), person(), person()
    with transaction():
        for user_id, number in ((inviter, "27-01-70-12345"), (stranger, "27-01-70-54321")):
            kyc.submit_documents(
                user_id=user_id, number=citizenship_numbers.parse_citizenship_number(number), pictures={}, now=utcnow()
            )
    with transaction() as session:  # staff sent it back, which frees the number
        session.execute(text("UPDATE kyc_records SET status = 'rejected', number_digest = NULL"))
        kyc.submit_documents(
            user_id=invitee,
            number=citizenship_numbers.parse_citizenship_number("27 01 70 १२३४५"),
            pictures={},
            now=utcnow(),
        )
    assert referrals.find_refusal(invitee, inviter) == "same_kyc_number"
    assert referrals.find_refusal(invitee, stranger) is None


def test_a_rental_is_rewarded_and_counted_by_one_job_and_its_points_are_told(person: Person) -> None:
    user_id, rental = person(), str(uuid4())
    for _ in range(2):
        complete(user_id, rental)
    assert has(user_id).points == 15
    tally = text("SELECT rentals, on_time, points FROM tallies WHERE board = 'all' AND user_id = :id")
    assert db.session.execute(tally, {"id": user_id}).one() == (1, 1, 15)
    jobs = dict(db.session.execute(text("SELECT job, count(*) FROM outbox_jobs GROUP BY job")).all())
    assert jobs == {"reward_rental": 2, "update_leaderboard": 1, "notify_user_of_several": 1}
