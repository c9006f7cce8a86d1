"""Staff see to the crew's work at the console: the board, what waits to be verified, members, warehouses, and pay."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from powerbank.base.db import transaction, utcnow
from powerbank.crew.members import locations
from powerbank.crew.members import services as members
from powerbank.crew.shifts import services as shifts
from powerbank.crew.tasks import claims, proofs, services
from powerbank.crew.tasks.proofs import Evidence
from powerbank.crew.tasks.states import TaskKind
from powerbank.stations.custody import registration
from powerbank.stations.warehouses import services as warehouses
from tests.admin.console.conftest import Member
from tests.people import People, rows
from tests.stations import conftest as stations
from tests.stations.conftest import Make

Console = Callable[..., Member]
make_station = stations.make_station
CREW = "/console/crew"


@pytest.fixture
def hire(app: Flask, people: People) -> Callable[[str], UUID]:
    def make(name: str) -> UUID:
        person = people.join(name)
        with app.app_context(), transaction():
            facts: dict[str, Any] = {"phone": None, "email": None, "values": {}, "by": "system", "now": utcnow()}
            return members.make_member(user_id=person.id, **facts).id

    return make


@pytest.fixture
def task(app: Flask, make_station: Make) -> str:
    """Give a task that nobody has claimed."""
    make_station("A")
    with app.app_context(), transaction():
        made = services.make_task("A", kind=TaskKind.CLEAN, wants={}, note="The glass.", by="system", now=utcnow())
        return str(made.id)


@pytest.fixture
def completed(app: Flask, task: str, hire: Callable[[str], UUID]) -> str:
    """Give a task that a member has done by hand, without a proof of where."""
    ram = hire("ram")
    with app.app_context(), transaction():
        claims.claim_task(ram, UUID(task), now=utcnow())
        proofs.complete_task(ram, UUID(task), Evidence(note="Clean now."), now=utcnow())
    return task


def state(app: Flask, task: str) -> str:
    return str(rows(app, "SELECT status FROM crew_tasks WHERE id = :id", id=task)[0].status)


def test_a_task_of_the_board_is_given_to_a_member(
    app: Flask, console: Console, task: str, hire: Callable[[str], UUID]
) -> None:
    ram, staff = hire("ram"), console("operations")
    assert "Cleaning" in staff.read(CREW)
    told = staff.send(CREW, f"{CREW}/tasks/{task}/assign", member_id=str(ram)).text
    assert "The task is given." in told
    assert state(app, task) == "claimed"
    assert "ram" in staff.read(f"{CREW}/tasks/{task}")


def test_who_may_only_read_gives_nothing(console: Console, completed: str) -> None:
    viewer = console("viewer")
    for page in (CREW, f"{CREW}/verify", f"{CREW}/tasks/{completed}"):
        assert '<form method="post" class="assign"' not in viewer.read(page)
        assert f'{completed}/verify"' not in viewer.read(page)


def test_where_members_are_is_for_those_who_may_see_it(
    app: Flask, console: Console, hire: Callable[[str], UUID]
) -> None:
    ram = hire("ram")
    with app.app_context(), transaction():
        shifts.start_shift(ram, now=utcnow())
        locations.note_place(ram, lat=27.123, lng=85.456, accuracy=5, now=utcnow())
    assert 'data-lat="27.123"' in console("operations").read(CREW)
    seen = console("viewer").read(CREW)
    assert "ram" in seen
    assert "27.123" not in seen


def test_work_that_waits_is_accepted_and_paid(app: Flask, console: Console, completed: str) -> None:
    staff = console("operations")
    shown = staff.read(f"{CREW}/verify")
    assert "Clean now." in shown
    assert "no place" in shown
    told = staff.send(f"{CREW}/verify", f"{CREW}/tasks/{completed}/verify").text
    assert "Accepted, and paid." in told
    assert "Nothing to verify." in told
    assert state(app, completed) == "done"
    assert rows(app, "SELECT count(*) FROM crew_earnings WHERE amount > 0") == [(1,)]


def test_work_is_rejected_with_a_reason(app: Flask, console: Console, completed: str) -> None:
    staff = console("operations")
    page = f"{CREW}/tasks/{completed}"
    assert "toast bad" in staff.send(page, f"{page}/reject", reason="").text
    assert state(app, completed) == "to_verify"
    assert "Still dirty." in staff.send(page, f"{page}/reject", reason="Still dirty.").text
    assert state(app, completed) == "rejected"


def test_staff_make_a_task_and_cancel_it(app: Flask, console: Console, make_station: Make) -> None:
    make_station("A")
    staff, new = console("operations"), f"{CREW}/tasks/new"
    assert staff.send(new, new, station_sn="NOWHERE", kind="empty").status_code == 404
    staff.send(new, new, station_sn="A", kind="empty", bring="4", note="Before the festival.")
    [made] = rows(app, "SELECT id, bring, note FROM crew_tasks")
    assert (made.bring, made.note) == (4, "Before the festival.")
    staff.send(f"{CREW}/tasks/{made.id}", f"{CREW}/tasks/{made.id}/cancel", reason="It rains.")
    assert state(app, str(made.id)) == "cancelled"


def test_a_person_becomes_a_member_changes_and_leaves(app: Flask, console: Console, people: People) -> None:
    people.join("ram", "9841222333")
    staff = console("operations")
    assert "toast bad" in staff.send(f"{CREW}/members", f"{CREW}/members", contact="9841222999").text
    told = staff.send(f"{CREW}/members", f"{CREW}/members", contact="9841222333", zone_names="Kathmandu, Patan").text
    assert "This person is of the crew now." in told
    [member] = rows(app, "SELECT id, zones FROM crew_members")
    assert member.zones == ["kathmandu", "patan"]
    page = f"{CREW}/members/{member.id}"
    staff.send(page, page, zone_names="Pokhara", timezone="Asia/Kathmandu")
    assert rows(app, "SELECT zones FROM crew_members") == [(["pokhara"],)]
    staff.send(page, f"{page}/end")
    assert rows(app, "SELECT active FROM crew_members") == [(False,)]


def test_a_warehouse_is_made_and_counted(app: Flask, console: Console) -> None:
    staff, new = console("operations"), f"{CREW}/warehouses/new"
    assert "aria-invalid" in staff.send(new, new, name="Teku", lat="95").text
    staff.send(new, new, name="Teku", lat="27.695", lng="85.305")
    [house] = rows(app, "SELECT id, lat FROM warehouses")
    with app.app_context(), transaction():
        registration.register_banks(serials=["b1", "b2"], model=None, now=utcnow())
    page = f"{CREW}/warehouses/{house.id}"
    assert "b1" in staff.read(page)
    told = staff.send(page, f"{page}/count", scanned="b1 b9").text
    assert "Counted. 2 differ." in told
    assert "missing: b2" in told
    assert rows(app, "SELECT count(*) FROM discrepancies WHERE resolved_at IS NULL") == [(2,)]


def test_a_pay_plan_is_made_and_changed_within_its_limits(app: Flask, console: Console) -> None:
    staff, new = console("finance"), f"{CREW}/plans/new"
    assert "toast bad" in staff.send(new, new, name="Night", surge_most="3").text
    form = {"name": "Night", "per_hour": "150.00", "surge_most": "2.5", "surge_from": "0", "surge_full": "500"}
    staff.send(new, new, **form, task_clean="45.50", standard="true")
    [plan] = rows(app, "SELECT id, per_hour, surge_most, per_task, standard FROM crew_pay_plans")
    assert (plan.per_hour, plan.surge_most, plan.per_task["clean"], plan.standard) == (15000, 250, 4550, True)
    page = f"{CREW}/plans/{plan.id}"
    staff.send(page, page, **form | {"per_hour": "160.00"}, standard="true")
    assert rows(app, "SELECT per_hour FROM crew_pay_plans") == [(16000,)]
    staff.send(page, f"{page}/delete")
    assert rows(app, "SELECT count(*) FROM crew_pay_plans") == [(0,)]


def test_rules_say_what_they_would_make_and_make_nothing(app: Flask, console: Console, make_station: Make) -> None:
    make_station("A")
    staff = console("viewer")
    shown = staff.read(f"{CREW}/rules")
    assert "crew_low_charge_banks" in shown
    assert "Empty station" in shown
    assert rows(app, "SELECT count(*) FROM crew_tasks") == [(0,)]
    assert "Cost of a rental saved" in staff.read(f"{CREW}/figures?days=30")


def test_the_usual_warehouse_is_shown_with_its_stock(app: Flask, console: Console) -> None:
    with app.app_context(), transaction():
        warehouses.make_warehouse({"name": "Teku"})
    assert "Teku" in console("viewer").read(f"{CREW}/warehouses")
