"""The console beside real streams: what one member of staff does, another one sees at once."""

from collections.abc import Callable

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, transaction
from tests.browser.app.conftest import Rider, Street
from tests.browser.reader import PHONE, WIDE
from tests.conftest import PASSWORD


def test_maintenance_of_a_station_is_seen_live_by_another_member(street: Street, rider: Callable[..., Rider]) -> None:
    with street.net.app.app_context():
        with transaction():
            for name in ("one", "other"):
                administration.ensure_staff(email=f"{name}@example.com", password=PASSWORD, role=Role.OPERATIONS)
        db.session.remove()
    acting, watching = rider(WIDE), rider(PHONE)
    for each, name in ((acting, "one"), (watching, "other")):
        each.sign_in(f"{name}@example.com", PASSWORD)
        each.open(f"/console/stations/{street.there.sn}")
        each.page.wait_for_selector("[data-state=live]")
    watching.page.evaluate("window.never_loaded_again = true")

    in_service = "#now .tile.good"
    assert watching.page.locator(in_service).count() == 1
    for button, state in (("Begin maintenance", "detached"), ("End maintenance", "visible")):
        acting.page.click("[data-opens=maintenance]")
        acting.page.fill("#maintenance-reason", "The glass is broken.")
        acting.send(f"#maintenance form button:has-text('{button}')")
        watching.page.wait_for_selector(in_service, state=state)
    assert watching.page.evaluate("window.never_loaded_again")
