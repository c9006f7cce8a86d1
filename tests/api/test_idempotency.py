"""A POST with an Idempotency-Key happens once."""

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from powerbank.base.db import db


def send(client: FlaskClient, key: str | None = "k1", **body: object) -> TestResponse:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/probe/once", json={"key": "a", **body}, headers=headers)


def effects(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(text("SELECT count(*) FROM test_effects")) or 0


def test_the_first_answer_is_given_again(probe: FlaskClient, probe_app: Flask) -> None:
    first, second = send(probe), send(probe)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert effects(probe_app) == 1


def test_the_same_body_in_another_order_is_the_same(probe: FlaskClient, probe_app: Flask) -> None:
    headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    first = probe.post("/probe/once", data=b'{"key": "a", "count": 1}', headers=headers)
    second = probe.post("/probe/once", data=b'{"count":1,"key":"\\u0061"}', headers=headers)
    assert (first.status_code, second.headers.get("Idempotency-Replayed")) == (201, "true")
    assert effects(probe_app) == 1


def test_another_body_is_a_conflict(probe: FlaskClient) -> None:
    send(probe)
    response = send(probe, count=2)
    assert (response.status_code, response.get_json(force=True)["code"]) == (409, "idempotency_conflict")


def test_the_key_is_required_and_must_be_sane(probe: FlaskClient) -> None:
    assert send(probe, None).get_json(force=True)["code"] == "idempotency_key_required"
    assert send(probe, "a b").get_json(force=True)["code"] == "idempotency_key_invalid"
    assert send(probe, "x" * 256).status_code == 400


def test_a_refusal_is_not_kept(probe: FlaskClient, probe_app: Flask) -> None:
    assert send(probe, key="k2").status_code == 201
    refused = probe.post("/probe/once", json={"key": "refuse"}, headers={"Idempotency-Key": "k3"})
    assert refused.status_code == 409
    assert probe.post("/probe/once", json={"key": "b"}, headers={"Idempotency-Key": "k3"}).status_code == 201
    assert effects(probe_app) == 2


def test_another_callers_key_is_another_key(probe: FlaskClient, probe_app: Flask) -> None:
    send(probe)
    probe.post(
        "/probe/once", json={"key": "a"}, headers={"Idempotency-Key": "k1"}, environ_base={"REMOTE_ADDR": "192.0.2.9"}
    )
    assert effects(probe_app) == 2


def test_twenty_at_once_are_one_effect_and_twenty_equal_answers(probe: FlaskClient, probe_app: Flask) -> None:
    with ThreadPoolExecutor(max_workers=20) as pool:
        answers = list(pool.map(lambda _: send(probe_app.test_client(), key="k20"), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 19
    assert effects(probe_app) == 1
