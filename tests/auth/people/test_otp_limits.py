"""What codes may cost: limits for each identifier, address, prefix and day. Who is refused costs nothing."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from config import load
from powerbank import create_app
from powerbank.api.rate_limits import forget_hits, hit_or_refuse
from powerbank.base.db import db
from powerbank.base.redis_clients import cache_redis
from tests.people import Inbox, People, rows

PHONE = "+9779812345678"
Work = Callable[..., None]


def ask(app: Flask, identifier: str, address: str = "192.0.2.1") -> TestResponse:
    return app.test_client().post(
        "/api/auth/get-otp", json={"identifier": identifier}, environ_overrides={"REMOTE_ADDR": address}
    )


def refused(answer: TestResponse, *, at_most: int) -> bool:
    return answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= at_most + 1


@pytest.fixture
def production(clean: None) -> Flask:
    """Give an application with the limits of production, but a daily limit of three codes by SMS."""
    return create_app(load().model_copy(update={"powerbank_env": "production", "otp_sms_per_day": 3}))


def test_an_identifier_gets_five_codes_in_every_hour(production: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where one hour's end and the next one's beginning meet."""
    from limits.storage import redis

    begin, asked = redis.time.time(), []
    for seconds in (0, 3300, 3400, 3500, 3590, 3595, 3601, 3605, 6899, 6905):
        monkeypatch.setattr("limits.storage.redis.time.time", lambda now=begin + seconds: now)
        with production.app_context():
            forget_hits("1 per minute", "otp", "sita@example.com")
        asked.append(ask(production, "sita@example.com").status_code)
    assert asked == [202] * 5 + [429, 202, 429, 429, 202]


def test_an_ip_address_gets_twenty_codes_an_hour(app: Flask, production: Flask) -> None:
    statuses = [ask(production, f"person{number}@example.com").status_code for number in range(20)]
    assert statuses == [202] * 20
    assert refused(ask(production, "late@example.com"), at_most=3600)
    assert ask(production, "late@example.com", "192.0.2.2").status_code == 202
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(21,)]


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
    ],
)
def test_the_ipv6_addresses_of_a_subscriber_count_as_one(production: Flask, first: str, second: str, one: bool) -> None:
    for number in range(20):
        assert ask(production, f"person{number}@example.com", first).status_code == 202
    assert ask(production, "late@example.com", second).status_code == (429 if one else 202)


def test_a_prefix_gets_a_hundred_codes_an_hour(production: Flask) -> None:
    """Pumping fraud walks through the numbers of one prefix, from many addresses."""
    with production.app_context():
        for _ in range(100):
            hit_or_refuse("100 per hour", "otp-prefix", PHONE[:-4])
    assert refused(ask(production, "+9779812349999"), at_most=3600)
    assert ask(production, "+9779812359999").status_code == 202


def test_a_day_has_its_budget(app: Flask, production: Flask, work: Work, inbox: Inbox) -> None:
    numbers = [f"+977984{number}234567" for number in range(4)]
    answers = [ask(production, number) for number in numbers]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert refused(answers[-1], at_most=86_400)
    assert ask(production, "sita@example.com").status_code == 202
    work()
    assert len(inbox.bodies("sms")) == 3
    assert rows(app, "SELECT count(*) FROM otp_challenges") == [(4,)]


def test_a_refused_request_uses_up_no_limit(production: Flask) -> None:
    for _ in range(30):
        ask(production, "+447400123456")
        ask(production, "nonsense")
    assert ask(production, PHONE).status_code == 202
    for _ in range(30):
        assert ask(production, PHONE).status_code == 429
    assert ask(production, "+9779812345679").status_code == 202


@pytest.mark.parametrize(
    ("countries", "prefixes", "number", "code"),
    [
        ("NP", "+97798,+97797", PHONE, None),
        ("NP", "+97797, +97798", PHONE, None),
        ("NP", "+97797", PHONE, "number_not_served"),
        ("NP, in", "+", "+919812345678", None),
        ("NP", "+", "+919812345678", "country_not_served"),
        ("NP,IN", "+97798", "+919812345678", "number_not_served"),
    ],
)
def test_only_numbers_that_are_served_get_codes(
    app: Flask, clean: None, countries: str, prefixes: str, number: str, code: str | None
) -> None:
    ours = create_app(load().model_copy(update={"otp_countries": countries, "otp_prefixes": prefixes}))
    answer = ask(ours, number)
    if code is None:
        assert answer.status_code == 202
    else:
        assert (answer.status_code, answer.get_json(force=True)["code"]) == (403, code)
        assert rows(app, "SELECT count(*) FROM outbox_jobs") == [(0,)]


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """Collect every statement that is sent to the database, without its values."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("purpose", ["login", "register"])
def test_known_and_unknown_are_the_same_work(
    app: Flask, client: FlaskClient, people: People, statements: list[str], purpose: str
) -> None:
    """The answer takes as long for both because it is made of the same steps; likewise that of a wrong code."""
    people.join("sita", PHONE)
    asked, tried = [], []
    for number in (PHONE, "+9779812345679"):
        with app.app_context():
            cache_redis().flushdb()
        statements.clear()
        challenge_id = client.post("/api/auth/get-otp", json={"identifier": number, "purpose": purpose}).get_json()[
            "challenge_id"
        ]
        asked.append(list(statements))
        statements.clear()
        client.post("/api/auth/verify-otp", json={"challenge_id": challenge_id, "code": "000000"})
        tried.append(list(statements))
    assert asked[0] == asked[1] != []
    assert tried[0] == tried[1] != []
