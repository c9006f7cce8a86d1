"""The pages of who takes what, and on which staff write to a venue first."""

import re
from collections.abc import Callable
from typing import Any

from flask import Flask

from tests.admin.console.conftest import Member
from tests.partners.conftest import agree, finance, venue  # noqa: F401
from tests.people import rows
from tests.stations.conftest import Make, make_station  # noqa: F401
from tests.support.test_sides import Visitor, host, join  # noqa: F401

Console = Callable[..., Member]
PAGE = "/console/support/members"


def test_who_takes_what_is_written_in_the_console(app: Flask, console: Console) -> None:
    staff = console("support")
    [action] = re.findall(rf'action="({PAGE}/[^"]+)"', staff.read(PAGE))
    done = staff.send(PAGE, action, topic=["rental", "crew"], language=["ne"])
    assert "It is changed." in done.text
    assert rows(app, "SELECT topics, languages, away FROM support_skills") == [(["crew", "rental"], ["ne"], False)]
    assert len(rows(app, "SELECT 1 FROM audit_log WHERE action = 'support_skills.update'")) == 1
    finance = console("finance")  # noqa: F811
    assert "disabled" in finance.read(PAGE)
    assert "Save</button>" not in finance.read(PAGE)


def test_a_venue_is_written_to_from_its_station(
    app: Flask,
    console: Console,
    make_station: Make,  # noqa: F811
    venue: Callable[..., str],  # noqa: F811
    agree: Callable[..., Any],  # noqa: F811
    host: Callable[..., Visitor],  # noqa: F811
) -> None:
    for sn in "AB":
        make_station(sn)
    bakery = venue()
    agree(bakery, "A")
    host("hari", bakery)
    staff = console("support")
    assert "/console/support/venues/of/A" in staff.read("/console/stations/A")
    assert staff.open("/console/support/venues/of/B").location == "/console/stations/B"
    page = staff.open("/console/support/venues/of/A").location
    assert 'value="A"' in staff.read(page)
    done = staff.send(page, f"/console/support/venues/{bakery}", text="Is there power?", station="A")
    assert "Is there power?" in done.text
    assert rows(app, "SELECT side, subject FROM conversations") == [("partner", "station")]
    assert console("finance", "chandra").open(page).status_code == 403
