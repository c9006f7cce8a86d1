"""A member of the crew works for a day on a phone, and staff see to it that the work is done."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from PIL import Image

from powerbank.auth.people import otp
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.base.redis_clients import cache_redis
from powerbank.crew.members import locations
from powerbank.crew.members import services as members
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, planning, proofs, services
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.states import TaskKind
from powerbank.stations.custody import registration
from powerbank.stations.warehouses import services as warehouses
from tests.browser.camera import options_of, take_picture
from tests.browser.conftest import CHROMIUM
from tests.browser.reader import AXE, PHONE, WIDE, Reader
from tests.crew.conftest import put_out, settle
from tests.nursery import wait_until
from tests.people import People, rows
from tests.stations.conftest import Make, make_station  # noqa: F401
from tests.stations.talker import Talker

NUMBER = "9841222333"
FULL = {1: "p1", 2: "p2", 3: "p3", 4: "p4"}


@pytest.fixture(params=[(PHONE, "en"), (WIDE, "ne")], ids="-".join)
def view(request: pytest.FixtureRequest) -> tuple[str, str]:
    given: tuple[str, str] = request.param
    return given


@pytest.fixture
def street(app: Flask, people: People, make_station: Make) -> Iterator[tuple[Talker, Talker]]:  # noqa: F811
    """Give a full station and an empty one, a warehouse, and a member of the crew who has not begun."""
    ram = people.join("ram", NUMBER)
    with app.app_context():
        full = make_station("KTM-FULL", name="Thamel Chowk", lat=27.7153, lng=85.3123)
        empty = make_station("KTM-EMPTY", name="New Road", address="New Road 12", lat=27.7040, lng=85.3100)
        with transaction():
            registration.register_banks(serials=[*FULL.values(), "w1", "w2"], model=None, now=utcnow())
            warehouses.make_warehouse({"name": "Teku", "city": "Kathmandu", "lat": 27.695, "lng": 85.305})
            members.make_member(user_id=ram.id, phone=None, email=None, values={}, by="system", now=utcnow())
        here, there = Talker(full), Talker(empty)
        here.snapshot(FULL)
        there.snapshot({})
        with transaction():
            planning.plan_tasks(now=utcnow())
        yield here, there


def sign_in(app: Flask, reader: Reader) -> Any:
    with app.app_context():
        cache_redis().flushdb()
    page = reader.open(f"/sign-in?next=/crew/&language={reader.language}")
    page.fill("[name=identifier]", NUMBER)
    page.click("main form button")
    page.wait_for_selector("[name=code]")
    reader.look()
    with app.app_context():
        code = otp.derive_code(UUID(page.input_value("[name=challenge_id]")))
    page.fill("[name=code]", code)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{reader.site}/crew/")
    return page


def press(page: Any, key: str) -> None:
    """Press a key of a page, and wait for the page that the queue leads to."""
    with page.expect_navigation():
        page.keyboard.press(key)
    page.wait_for_load_state("load")


def test_a_day_of_the_crew(
    app: Flask, reader: Reader, street: tuple[Talker, Talker], work: Callable[..., None]
) -> None:
    here, there = street
    page = sign_in(app, reader)
    reader.look()
    reader.tolerate("ERR_INTERNET_DISCONNECTED")
    reader.tolerate("ERR_FAILED")  # what the page was just reading
    page.context.set_offline(True)
    page.keyboard.press("s")
    page.wait_for_selector("[data-waiting] li")
    reader.look()
    with page.expect_navigation():
        page.context.set_offline(False)
    page.wait_for_selector("[data-key=e]")
    reader.look()
    reader.open("/crew/tasks")
    for name in ("Thamel Chowk", "New Road"):
        page.goto("/crew/tasks")
        page.click(f".task:has-text('{name}') a")
        page.wait_for_selector("[data-key=c]")
        reader.look()
        press(page, "c")
        press(page, "g")
    reader.look()
    page = reader.open("/crew/route")
    assert page.locator(".stops > li").count() >= 2
    page.wait_for_selector(".route-map .pin")
    reader.look()

    page.click(".stops a:has-text('Thamel Chowk')")
    page.wait_for_selector("[name=serial]")
    for box in page.query_selector_all("[name=serial]"):
        box.set_checked(True)
    reader.look()
    press(page, "o")
    page.wait_for_selector("[role=status] .badge.busy")
    reader.look()
    out = put_out(here, FULL)
    assert len(out) == 4
    settle(here)
    page.reload()
    assert page.locator(".badge.good").count() >= 1
    reader.look()
    page = reader.open("/crew/banks")
    assert page.locator("[name=serial]").count() >= 4

    there.wait(5)
    there.snapshot({1: "p1", 2: "p2", 3: "p3"})
    settle(there)
    reader.open("/crew/")
    assert rows(app, "SELECT status FROM crew_tasks WHERE kind IN ('empty', 'full')") == [("done",), ("done",)]

    press(page, "e")
    page.wait_for_selector(".toast.bad")
    reader.look()
    page.goto("/crew/banks")
    press(page, "h")
    assert page.locator("[name=serial]").count() == 0
    reader.look()
    page.goto("/crew/")
    press(page, "e")
    page.wait_for_selector("[data-key=s]")
    reader.open("/crew/money")
    assert page.locator(".lines li").count() >= 3


def test_staff_see_the_board_and_decide_about_the_work(
    app: Flask, staff: Callable[[Role], Reader], street: tuple[Talker, Talker]
) -> None:
    with app.app_context():
        ram = rows(app, "SELECT id FROM crew_members")[0].id
        with transaction():
            shifts.start_shift(ram, now=utcnow())
            locations.note_place(ram, lat=27.71, lng=85.315, accuracy=20, now=utcnow())
            task = services.make_task("KTM-FULL", kind=TaskKind.CLEAN, wants={}, note=None, by="system", now=utcnow())
            claims.claim_task(ram, task.id, now=utcnow())
            photo = picture()
            proofs.complete_task(
                ram, task.id, Evidence(27.7153, 85.3123, "Clean now.", photo, ["KTM-FULL"]), now=utcnow()
            )
    reader = staff(Role.OPERATIONS)
    page = reader.open("/console/crew")
    page.wait_for_selector(".crew-map .pin")
    reader.look()
    page.click("text=Empty station" if reader.language == "en" else "text=खाली स्टेशन")
    reader.look()
    page.select_option("[name=member_id]", index=1)
    reader.send("form.assign button")
    reader.look()
    reader.open("/console/crew/verify")
    page.wait_for_selector(".photos img")
    reader.look()
    with page.expect_navigation():
        page.keyboard.press("a")
    reader.look()
    for path in (
        "tasks",
        "tasks/new",
        "members",
        f"members/{ram}",
        "shifts",
        "warehouses",
        "warehouses/new",
        "plans",
        "plans/new",
        "rules",
        "figures",
    ):
        reader.open(f"/console/crew/{path}")
    house = rows(app, "SELECT id FROM warehouses")[0].id
    reader.open(f"/console/crew/warehouses/{house}")
    page.fill("[name=scanned]", "w1 nobody")
    reader.send(".panel form button")
    reader.look()
    page = reader.open("/console/crew/plans/new")
    page.fill("[name=name]", "Night")
    page.fill("[name=per_hour]", "150.00")
    reader.send("form.panel button")
    reader.look()
    assert rows(app, "SELECT status FROM crew_tasks WHERE kind IN ('clean', 'empty') ORDER BY kind") == [
        ("done",),
        ("claimed",),
    ]
    if reader.size == WIDE:  # a finger scrolls, a mouse drags
        page = reader.open("/console/crew")
        with page.expect_navigation():
            page.drag_and_drop(".note-card:has-text('KTM-FULL')", "[data-member]")
        assert rows(app, "SELECT status FROM crew_tasks WHERE kind = 'full'") == [("claimed",)]


@pytest.fixture
def at_the_code(chromium: Any, site: str, clean: None, tmp_path: Path) -> Iterator[Reader]:
    """Give a member whose camera looks at the code on a station."""
    options = options_of("https://example.com/s/KTM-FULL", tmp_path)
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=options)
    reader = Reader(browser, site, size=PHONE, language="en", axe=AXE.read_text())
    reader.page.context.grant_permissions(["camera"])
    yield reader
    reader.leave()
    browser.close()
    assert reader.troubles == []


@pytest.fixture
def without_camera(chromium: Any, site: str, clean: None) -> Iterator[Reader]:
    reader = Reader(chromium, site, size=PHONE, language="ne", axe=AXE.read_text())
    yield reader
    reader.leave()
    assert reader.troubles == []


@pytest.fixture
def dirty(app: Flask, street: tuple[Talker, Talker]) -> Any:
    """Give a task that is proved by a scan, which the member has claimed."""
    with app.app_context():
        ram = rows(app, "SELECT id FROM crew_members")[0].id
        with transaction():
            task = services.make_task("KTM-FULL", kind=TaskKind.CLEAN, wants={}, note=None, by="system", now=utcnow())
            claims.claim_task(ram, task.id, now=utcnow())
            return task.id


def test_the_camera_reads_the_code_on_the_station_into_the_proof(app: Flask, dirty: Any, at_the_code: Reader) -> None:
    page = sign_in(app, at_the_code)
    page.goto(f"/crew/tasks/{dirty}")
    page.click("[data-scans]")
    page.wait_for_selector("[data-scanned]:text-is('KTM-FULL')")
    at_the_code.look()
    page.click("[data-closes]")
    is_on = "document.querySelector('#scanner video').srcObject.active"
    wait_until(lambda: not page.evaluate(is_on), 10, "the camera is off")
    assert page.input_value("[name=scanned]") == "KTM-FULL"


def test_without_a_camera_a_photo_or_typing_does_it(app: Flask, dirty: Any, without_camera: Reader) -> None:
    page = sign_in(app, without_camera)
    page.goto(f"/crew/tasks/{dirty}")
    page.click("[data-scans]")
    page.wait_for_selector("[data-scanned]:has-text('क्यामेरा छैन')")
    without_camera.look()
    photo = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": take_picture("KTM-FULL")}
    page.set_input_files("[data-scan-photo]", [photo])
    page.wait_for_selector("[data-scanned]:text-is('KTM-FULL')")
    assert page.input_value("[name=scanned]") == "KTM-FULL"
    page.set_input_files("[data-scan-photo]", [photo | {"buffer": picture()}])
    page.wait_for_selector("[data-scanned]:has-text('कोड देखिएन')")
    page.click("[data-closes]")
    page.fill("[name=scanned]", "p1")
    assert page.input_value("[name=scanned]") == "p1"


def picture() -> bytes:
    drawn = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(drawn, "JPEG")
    return drawn.getvalue()
