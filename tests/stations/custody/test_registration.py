"""Power banks are registered once, a long list in batches."""

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from jobs.operations import fail_operation
from powerbank.base.db import transaction, utcnow
from powerbank.stations.custody import registration
from tests.people import rows
from tests.stations.custody.test_services import Staff


def test_banks_are_registered_once(context: Flask, client: FlaskClient, staff_headers: Staff) -> None:
    headers = staff_headers()
    first = client.post("/api/admin/powerbanks", json={"serials": ["1", "2", "2"], "model": "X"}, headers=headers)
    assert (first.status_code, first.get_json()) == (201, {"created": ["1", "2"], "existing": []})
    again = client.post("/api/admin/powerbanks", json={"serials": ["2", "3"]}, headers=headers).get_json()
    assert again == {"created": ["3"], "existing": ["2"]}
    shown = client.get("/api/admin/powerbanks/2", headers=headers).get_json()
    assert [(stay["place"], stay["until"]) for stay in shown["custody"]] == [("warehouse", None)]
    for serials in ([], ["a b"], ["x" * 65], [1]):
        assert client.post("/api/admin/powerbanks", json={"serials": serials}, headers=headers).status_code == 422


class TestLongLists:
    """More than a request takes in by itself is an operation, which tells how far it is."""

    PATH = "/api/admin/powerbanks"

    def test_a_long_list_is_registered_in_batches(
        self,
        client: FlaskClient,
        app: Flask,
        work: Callable[..., None],
        staff_headers: Callable[..., dict[str, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(registration, "MOST_PER_REQUEST", 4)
        monkeypatch.setattr(registration, "BATCH_SIZE", 2)
        headers = staff_headers("operations")
        assert client.post(self.PATH, json={"serials": ["3", "8"]}, headers=headers).status_code == 201
        serials = ["1", "2", "3", "4", "5", "5"]
        asked = client.post(self.PATH, json={"serials": serials, "model": "X"}, headers=headers)
        assert (asked.status_code, asked.headers["Location"]) == (
            202,
            f"/api/operations/{asked.get_json()['operation_id']}",
        )
        where = asked.headers["Location"]
        before = client.get(where, headers=headers).get_json()
        assert (before["status"], before["progress"], before["result"]) == ("pending", {"done": 0, "total": 5}, None)
        assert client.get(where, headers=staff_headers("viewer")).status_code == 404
        with app.app_context(), transaction():
            assert registration.register_next_batch(UUID(before["operation_id"]), now=utcnow())
        assert client.get(where, headers=headers).get_json()["progress"] == {"done": 2, "total": 5}
        work("default")
        done = client.get(where, headers=headers).get_json()
        assert (done["status"], done["progress"]["done"]) == ("succeeded", 5)
        assert done["result"] == {"created": ["1", "2", "4", "5"], "existing": ["3"]}
        assert rows(app, "SELECT count(*) FROM custody WHERE place = 'warehouse'") == [(6,)]

    def test_an_operation_whose_job_died_fails(
        self,
        client: FlaskClient,
        app: Flask,
        staff_headers: Callable[..., dict[str, str]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(registration, "MOST_PER_REQUEST", 1)
        headers = staff_headers()
        where = client.post(self.PATH, json={"serials": ["1", "2"]}, headers=headers).headers["Location"]
        with app.app_context(), transaction():
            fail_operation(operation_id=where.rpartition("/")[2])
        assert client.get(where, headers=headers).get_json()["error"]["code"] == "not_done"
