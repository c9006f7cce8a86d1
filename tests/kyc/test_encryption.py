"""A number and a document are known to who must know them, and to nothing else."""

import logging
from collections.abc import Callable

import pytest
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import text

from powerbank.base.db import db
from powerbank.kyc.documents import encryption
from tests.kyc.conftest import NUMBER, Desk
from tests.pictures import samples

Work = Callable[..., None]
BARE = "27017012345"
# It does not look like a telephone number, which the logs would hide by themselves.
CANARY = "CANARY-27-01"
FORMS = ("CANARY", "SPY-", "FFD8FF", "ffd8ff")


def all_rows(app: Flask) -> str:
    with app.app_context():
        names = db.session.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        found = [row for name in names for row in db.session.scalars(text(f'SELECT t::text FROM "{name}" t'))]
        db.session.rollback()
    return "\n".join(found)


def test_no_log_no_job_no_audit_row_and_no_refusal_holds_a_canary(
    desk: Desk, work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    located = samples.located_jpeg()  # Pillow, in this process, would log what it writes
    caplog.set_level(logging.DEBUG)
    sita, hari = desk.join("sita"), desk.join("hari")
    told = [
        desk.send(sita, CANARY, front=located[:400]).text,
        desk.send(sita, CANARY, front=located, back=b"no picture").text,
        desk.send(sita, CANARY + "\x00").text,
        desk.send(sita, CANARY + "<>").text,
    ]
    first = str(desk.send(sita, CANARY, front=located).get_json()["id"])
    told += [desk.send(hari, CANARY).text, desk.send(sita, CANARY).text]
    work()
    assert desk.view(first).status_code == 200
    desk.reject(first)
    second = desk.submitted(sita, CANARY)
    work()
    desk.approve(second)
    desk.client.get("/api/auth/kyc", headers=sita)
    for place in (caplog.text, all_rows(desk.app), *told):
        assert not [form for form in FORMS if form in place]
    assert [row.action for row in desk.rows("SELECT action FROM audit_log ORDER BY id")] == [
        "kyc.view_document",
        "kyc.rejected",
        "kyc.approved",
    ]
    # The canary was really there to be found.
    assert desk.queue()[0]["citizenship_number"] == CANARY


def test_a_link_leaves_no_token_in_the_logs(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    url = desk.links(desk.submitted(desk.join())).get_json()["front"]["url"]
    desk.client.get(url)
    assert url.split("token=")[1] not in caplog.text


def test_the_digest_cannot_be_made_without_the_key(desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        ours = encryption.digest_number(BARE)
        assert ours == encryption.digest_number(BARE)
        other = app.config["SETTINGS"].model_copy(update={"document_digest_key": SecretStr("another key")})
        monkeypatch.setitem(app.config, "SETTINGS", other)
        assert encryption.digest_number(BARE) != ours


def with_keys(app: Flask, monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    changed = app.config["SETTINGS"].model_copy(update={"document_keys": SecretStr(keys)})
    monkeypatch.setitem(app.config, "SETTINGS", changed)


def test_keys_are_rotated_without_losing_anything(
    desk: Desk, app: Flask, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_keys(app, monkeypatch, "first key")
    stored = desk.submitted(desk.join("sita"))
    work()
    staged = desk.submitted(desk.join("hari"), "11-22-33")
    with_keys(app, monkeypatch, "second key, first key")
    fresh = desk.submitted(desk.join("gita"), "44-55-66")
    for submission_id in (stored, staged, fresh):
        assert desk.view(submission_id).status_code == 200
    assert [item["citizenship_number"] for item in desk.queue()] == [NUMBER, "11-22-33", "44-55-66"]
    # The new key encrypts, so it alone opens what came after the change. The old key is still needed for the rest.
    with_keys(app, monkeypatch, "second key")
    assert desk.view(fresh).status_code == 200
    lost = desk.view(stored)
    assert (lost.status_code, lost.get_json()["code"]) == (503, "document_store_away")
    assert [item["citizenship_number"] for item in desk.queue()] == [None, None, "44-55-66"]
    # A number still belongs to one person, because rotation does not touch the digests.
    assert desk.send(desk.join("rita")).status_code == 409


def test_a_changed_document_is_not_shown(desk: Desk, work: Work) -> None:
    submission_id = desk.submitted(desk.join())
    work()
    for path in desk.files():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    assert desk.view(submission_id).status_code == 503


def test_another_person_sees_nothing_of_it(desk: Desk) -> None:
    sita, hari = desk.join("sita"), desk.join("hari")
    submission_id = desk.submitted(sita)
    assert desk.own(hari)["status"] == "none"
    assert desk.client.get(f"/api/admin/kyc/{submission_id}", headers=hari).status_code == 401
    assert desk.client.post(f"/api/admin/kyc/{submission_id}/approve", headers=hari).status_code == 401
    assert desk.profile(hari)["kyc_status"] == "none"
