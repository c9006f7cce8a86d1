"""Staff look at a rental in a browser, and resolve one of which nobody knows whether its power bank came out."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from powerbank.auth.staff.roles import Role
from powerbank.base.db import new_id, transaction, utcnow
from powerbank.rentals import errors
from powerbank.rentals.disputes import services as cases
from powerbank.rentals.disputes.models import IssueType
from powerbank.rentals.models import Rental
from powerbank.rentals.start import ejection, refusals
from powerbank.stations.commands import services as commands
from powerbank.stations.commands.models import CommandStatus
from tests.browser.reader import PHONE, WIDE, Reader
from tests.ledger.conftest import make_person
from tests.people import rows
from tests.pictures import samples
from tests.rentals import rentals_in_states

SignIn = Callable[..., Reader]
PAGE = "/console/rentals"


@pytest.fixture
def unresolved(app: Flask, clean: None) -> Any:
    """Make a rental whose station never said what it did, with a person who says that nothing came out."""
    with app.app_context():
        person = make_person()
        rental_id = rentals_in_states.sent(person)
        with transaction():
            command = rentals_in_states.command_of(rental_id)
            commands.settle_command(command, CommandStatus.UNKNOWN, {"proof": "none"}, now=utcnow())
        with transaction() as session:
            ejection.settle_ejection(rentals_in_states.command_of(rental_id).id, now=utcnow())
            assert session.get_one(Rental, rental_id).status == "unresolved"
        with transaction():
            cases.report_issue(
                rental_id,
                user_id=person,
                issue_type=IssueType.NOT_EJECTED,
                description="I heard the motor, but no power bank came out.",
                now=utcnow(),
                photo=samples.jpeg("green"),
            )
    return rental_id


def test_an_unresolved_rental_is_found_and_resolved(app: Flask, unresolved: Any, staff: SignIn) -> None:
    reader = staff(Role.SUPPORT)
    page = reader.open("/console/cases?status=open")
    page.locator("td a").first.click()
    page.wait_for_url(f"**{PAGE}/*")
    reader.look()
    everything = page.locator(".moment:visible").count()
    page.uncheck("[data-source-box=custody]")
    assert page.locator(".moment:visible").count() < everything
    page.keyboard.press("c")
    assert page.locator("#decide-cancel").is_visible()
    reader.look()
    page.fill("#decide-cancel [name=reason]", "The power bank still sits in its slot.")
    reader.send("#decide-cancel form button")
    assert page.locator(".toast.good").count() == 1
    reader.look()
    assert rows(app, "SELECT status FROM rentals") == [("failed",)]
    assert rows(app, "SELECT count(*) FROM audit_log WHERE action = 'rental.resolve'") == [(1,)]
    reader.open(PAGE)


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_the_starts_that_were_refused(app: Flask, staff: SignIn) -> None:
    with app.app_context():
        person, package = make_person(), new_id()
        for refused in (errors.kyc_required(), errors.open_rental_exists(), errors.starts_refused(retry_after=3)):
            row = refusals.describe_refusal(
                refused, user_id=person, station_sn="KTM-001", package_id=package, now=utcnow()
            )
            refusals.write_refusals([row])
    reader = staff(Role.SUPPORT)
    page = reader.open("/console/now")
    page.click("a[href^='/console/refused-starts']")
    page.wait_for_selector("#list tbody tr")
    reader.look()
    page.goto("/console/refused-starts?reason=kyc_required")
    assert page.locator("#list tbody tr").count() == 1
    reader.open("/console/refused-starts?station_sn=B")
