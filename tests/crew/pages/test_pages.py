"""The crew's pages: who sees them, what a form does, and that one sent twice or late does it once."""

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from tests.crew.pages.conftest import Visitor
from tests.people import Headers, rows

Enter = Callable[..., Visitor]
Order = Callable[..., Any]
PAGES = ("/crew/", "/crew/tasks", "/crew/route", "/crew/banks", "/crew/money")


def test_members_see_the_pages_and_others_do_not(enter: Enter) -> None:
    ram, sita = enter("ram"), enter("sita", member=False)
    for page in PAGES:
        assert "Field crew" in ram.open(page)
        assert sita.client.get(page).status_code == 403


def test_who_leaves_is_refused_with_the_next_page(enter: Enter, client: FlaskClient, operations: Headers) -> None:
    ram = enter()
    ram.open("/crew/")
    gone = client.delete(f"/api/admin/crew/{ram.member_id}", headers=operations)
    assert gone.status_code == 204
    assert ram.client.get("/crew/").status_code == 403


def test_a_shift_with_its_break_begins_and_ends(enter: Enter) -> None:
    ram = enter()
    assert "Begin the shift" in ram.open("/crew/")
    assert "Your shift has begun." in ram.told("/crew/shift/start")
    assert "Your break has begun." in ram.told("/crew/break/start")
    assert "Your break is over." in ram.told("/crew/break/end")
    assert "Your shift has ended." in ram.told("/crew/shift/end")
    assert "toast bad" in ram.told("/crew/shift/end")


def test_a_form_that_was_kept_and_comes_twice_happens_once(app: Flask, enter: Enter) -> None:
    ram, key = enter(), str(uuid4())
    ram.told("/crew/shift/start")
    for _ in range(2):
        answer = ram.send("/crew/break/start", key=key, by_script=True)
        assert (answer.status_code, answer.get_json()) == (200, {"to": "/crew/"})
        ram.send("/crew/break/end", key=f"{key[:-1]}0", by_script=True)
    assert rows(app, "SELECT count(*), count(ended_at) FROM crew_breaks") == [(1, 1)]


def test_a_script_hears_that_it_is_signed_out_or_its_form_too_old(enter: Enter, app: Flask) -> None:
    ram = enter()
    script = {"X-Sent-By-Script": "1"}
    assert ram.client.post("/crew/shift/start", data={"once": str(uuid4())}, headers=script).status_code == 400
    token = ram.open("/crew/").split('data-csrf="')[1].split('"')[0]
    ram.client.delete_cookie("powerbank_person")
    refused = ram.client.post("/crew/shift/start", data={"once": str(uuid4()), "csrf_token": token}, headers=script)
    assert refused.status_code == 401
    assert rows(app, "SELECT count(*) FROM crew_shifts") == [(0,)]


def test_one_claims_a_task_and_the_other_is_told(enter: Enter, order: Order, station: None) -> None:
    ram, hari = enter("ram"), enter("hari")
    page = f"/crew/tasks/{order('A', 'clean')['id']}"
    assert "Claim the task" in hari.open(page)
    assert "The task is yours." in ram.told(f"{page}/claim")
    assert "Somebody else has this task." in hari.told(f"{page}/claim")
    assert "You have begun." in ram.told(f"{page}/start")
    assert "You have given the task back." in ram.told(f"{page}/release")
    assert "The task is yours." in hari.told(f"{page}/claim")


def test_work_that_no_station_can_tell_is_proved_by_a_photo(
    app: Flask, enter: Enter, order: Order, station: None
) -> None:
    ram = enter()
    page = f"/crew/tasks/{order('A', 'clean')['id']}"
    ram.told(f"{page}/claim")
    photo, drawn = io.BytesIO(), Image.effect_noise((320, 240), 60)
    drawn.save(photo, "JPEG")
    form = {"photo": (io.BytesIO(photo.getvalue()), "photo.jpg"), "lat": "27.7153", "lng": "85.3123", "scanned": "A"}
    assert "Thank you." in ram.told(f"{page}/complete", **form)
    assert rows(app, "SELECT status, CAST(proof -> 'photos' AS int) FROM crew_tasks") == [("to_verify", 1)]
    too_far = {"lat": "28.2", "lng": "84.0"}
    second = f"/crew/tasks/{order('A', 'audit')['id']}"
    ram.told(f"{second}/claim")
    assert "toast bad" in ram.told(f"{second}/complete", **too_far)


def test_slots_open_from_the_page_of_a_task(app: Flask, enter: Enter, order: Order, station: None) -> None:
    ram = enter()
    page = f"/crew/tasks/{order('A', 'full', wants={'take': 1})['id']}"
    ram.told(f"{page}/claim")
    assert 'value="101" checked' in ram.open(page)
    assert "Slots that are opening: 1." in ram.told(f"{page}/open-slots", serial="102")
    assert "opening" in ram.open(page)
    assert rows(app, "SELECT serial, status FROM crew_openings") == [("102", "ejecting")]
    assert "toast bad" in ram.told(f"{page}/open-slots")


def test_banks_go_into_a_warehouse_and_to_another_member(app: Flask, enter: Enter, station: None) -> None:
    ram, hari = enter("ram"), enter("hari")
    assert "Taken along: 1." in ram.told("/crew/banks/take", typed="104")
    assert "104" in ram.open("/crew/banks")
    assert "Handed over: 1." in ram.told("/crew/banks/drop", serial="104", place="member", member_id=hari.member_id)
    assert 'value="104"' in hari.open("/crew/banks")
    assert "Handed over: 1." in hari.told("/crew/banks/drop", serial="104", place="warehouse")
    assert "toast bad" in hari.told("/crew/banks/drop", serial="104", place="warehouse")


def test_a_place_is_taken_during_a_shift_only(app: Flask, enter: Enter) -> None:
    ram = enter()
    place = {"lat": "27.7", "lng": "85.3", "accuracy": "12"}
    assert ram.send("/crew/place", **place).status_code == 409
    ram.told("/crew/shift/start")
    assert ram.send("/crew/place", **place).status_code == 204
    assert rows(app, "SELECT lat, lng FROM crew_places") == [(27.7, 85.3)]


def test_the_pages_can_be_installed_and_opened_without_a_connection(enter: Enter) -> None:
    ram = enter()
    assert ram.client.get("/crew/manifest.webmanifest").get_json()["scope"] == "/crew/"
    worker = ram.client.get("/crew/worker.js")
    assert worker.content_type.startswith("text/javascript")
    assert "worker-src 'self'" in ram.client.get("/crew/").headers["Content-Security-Policy"]
