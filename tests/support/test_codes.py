"""Staff have a code sent again that a person waits for; the person of the conversation, and nobody else."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.people import Headers, Inbox, People, rows
from tests.support.conftest import Begin


def test_the_same_code_goes_to_the_same_number_once_more(
    app: Flask,
    client: FlaskClient,
    people: People,
    begin: Begin,
    inbox: Inbox,
    work: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("powerbank.auth.people.otp._count_code_request", lambda *_: None)
    talk = begin()
    [(number,)] = rows(app, "SELECT value FROM user_identifiers")
    people.ask_code(client, number, purpose="login")
    done = talk.staff_post("resend-code")
    assert done.status_code == 200, done.text
    work()
    again, first, *_ = inbox.of("sms")
    assert len(inbox.of("sms")) == 2
    assert (again.to, again.body) == (first.to, first.body)
    assert talk.messages()[-1]["text"] == f"A code was sent again to {done.get_json()['masked']}."
    assert number not in str(talk.messages())
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'otp.resend'") == [(1,)]


def test_without_a_code_under_way_there_is_none_to_send(begin: Begin) -> None:
    talk = begin()
    refused = talk.staff_post("resend-code")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "no_code_under_way")
    assert len(talk.messages()) == 1


def test_the_limits_of_codes_count_for_staff_too(app: Flask, client: FlaskClient, people: People, begin: Begin) -> None:
    talk = begin()
    [(number,)] = rows(app, "SELECT value FROM user_identifiers")
    people.ask_code(client, number, purpose="login")
    assert talk.staff_post("resend-code").status_code == 429


def test_who_only_reads_sends_nothing(begin: Begin, staff_headers: Callable[..., Headers]) -> None:
    assert begin().staff_post("resend-code", by=staff_headers("finance")).status_code == 403
