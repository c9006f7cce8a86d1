"""A street with real stations for the rider's app: servers, workers, the daemon, streams and the vendors, all of them
real or played as in development."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.serving import make_server

from powerbank.auth.people import sessions
from powerbank.auth.people.routes import COOKIE
from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import db, new_id, transaction, utcnow
from powerbank.base.redis_clients import cache_redis
from powerbank.content import app_config
from powerbank.integrations.webpush import vapid
from powerbank.stations.packages.models import Package
from powerbank.users.models import User
from scripts.sandbox.environment import settings as played_by_sandbox
from scripts.sandbox.server import Sandbox
from scripts.sandbox.testing import free_ports
from scripts.simulation import Simulator, StationSpec, generate
from scripts.simulation.station import Pace
from tests.browser.reader import AXE, PHONE, Reader
from tests.ledger.conftest import top_up as deposit
from tests.nursery import Nursery, wait_until
from tests.rentals.rentals_in_states import MAY_RENT
from tests.stations.network import Network, network

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


@dataclass
class Street:
    """Two stations, the vendors, and all programs of the service. `here` is where the rider stands."""

    net: Network
    sandbox: Sandbox
    site: str
    origins: tuple[str, ...]
    simulator: Simulator
    here: StationSpec
    there: StationSpec
    package: UUID

    def code_for(self, number: str) -> str:
        """Read the one-time code out of the SMS, as the person does."""
        found: list[str] = []

        def arrived() -> bool:
            found[:] = [each["body"] for each in self.messages("sms", f"+977{number}")]
            return bool(found)

        wait_until(arrived, 30, "the code arrived")
        code = re.search(r"\d{6}", found[0])
        assert code is not None
        return code[0]

    def newest_code_for(self, number: str) -> str:
        """Read the code out of the second SMS to this number."""
        wait_until(lambda: len(self.messages("sms", f"+977{number}")) > 1, 30, "the second code arrived")
        return self.code_for(number)

    def forget_limits(self) -> None:
        """Let a second code be asked for at once."""
        with self.net.app.app_context():
            cache_redis().flushdb()

    def messages(self, channel: str, to: str) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode({"channel": channel, "to": to})
        with urllib.request.urlopen(f"{self.sandbox.url}/api/messages?{query}") as answer:  # noqa: S310 (our own)
            items: list[dict[str, Any]] = json.load(answer)["items"]
            return items

    def count(self, table: str) -> int:
        return int(self.net.value(f"SELECT count(*) FROM {table}"))


@pytest.fixture(scope="session")
def street(nursery: Nursery, sandbox: Sandbox, chromium: Any) -> Iterator[Street]:
    web, live = free_ports(2)
    site, streams = f"http://127.0.0.1:{web}", f"http://127.0.0.1:{live}"
    settings = played_by_sandbox(sandbox.url, sandbox.smtp_port, sandbox.accounts)
    settings |= {"PUBLIC_URL": site, "LIVE_URL": streams, "LIVE_PORT": str(live), "RATE_LIMIT_PER_MINUTE": "100000"}
    settings |= {"WEB_PUSH_KEY": vapid.make_private_key()}
    with network(nursery, settings) as net:
        net.shipped_daemon()
        net.worker()
        net.wait(net.listening, "the daemon listens")
        here, there = generate(2, seed=48).stations
        net.register([here, there])
        pace = Pace(heartbeat=1.0, eject=0.3, reboot=0.2)
        simulator = Simulator(net.broker.stations_url, [here, there], pace=pace)
        simulator.start()
        with net.app.app_context():
            with transaction() as session:
                package = Package(name="1 hour", duration_minutes=60, price=40_00, payment_model="prepaid", active=True)
                session.add(package)
                session.flush()
                package_id = package.id
                app_config.set_value("kyc_required", False, actor="test")
            db.session.remove()
        server = make_server("127.0.0.1", web, net.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        program = [sys.executable, str(ROOT / "scripts/live.py")]
        with (net.folder / "live.log").open("ab") as log:
            streaming = subprocess.Popen(program, env={**os.environ, **net.environment}, stdout=log, stderr=log)
        wait_until(lambda: listens(live), 60, "the streams are there")
        seated = len(here.serials) + len(there.serials)
        net.wait(lambda: net.value("SELECT sum(available_banks) FROM station_live") == seated, "all banks are seated")
        yield Street(net, sandbox, site, (site, streams, sandbox.url), simulator, here, there, package_id)
        streaming.terminate()
        streaming.wait()
        simulator.stop()
        server.shutdown()
        thread.join()
        server.server_close()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


class Rider(Reader):
    """Somebody with the app in a browser, who notices what is wrong with it."""

    def __init__(self, browser: Any, street: Street, *, size: str, language: str) -> None:
        self._origins = street.origins
        self.street = street
        super().__init__(browser, street.site, size=size, language=language, axe=AXE.read_text())
        self.page.set_default_timeout(90_000)
        self.context = self._context

    def shows(self, selector: str) -> Any:
        """Wait for a part of the page, and look at the page."""
        self.page.wait_for_selector(selector)
        self.look()
        return self.page

    def reload(self, selector: str) -> None:
        """Load the page again, as a thumb does that slipped: it goes on where it was."""
        self.page.reload()
        self.page.wait_for_selector(selector)

    def refused(self, *statuses: int) -> None:
        """Take back what the browser's console says of answers that were expected to be refusals."""
        expected = tuple(f"status of {status}" for status in statuses)
        self.troubles[:] = [each for each in self.troubles if not any(part in each for part in expected)]

    def lost_network(self) -> None:
        """Take back what the browser's console says of a network that was cut on purpose."""
        self.troubles[:] = [each for each in self.troubles if "net::ERR_" not in each and "ERR_FAILED" not in each]


@pytest.fixture(autouse=True)
def _bring_back(street: Street) -> Iterator[None]:
    """Bring all power banks back after a test, so that the next person finds some."""
    yield
    known = {*street.here.serials, *street.there.serials}
    for serial in sorted(known & set(street.simulator.hands)):
        street.simulator.station(street.here.imei).return_bank(serial)
    street.net.wait(lambda: not street.net.value(_OUT), "all power banks are back")


_OUT = "SELECT count(*) FROM rentals WHERE status IN ('pending', 'ejecting', 'active', 'overdue')"
_numbers = iter(range(9841000100, 9841009999))


@pytest.fixture
def browser(chromium: Any) -> Any:
    return chromium


@pytest.fixture
def rider(browser: Any, street: Street) -> Iterator[Callable[..., Rider]]:
    """Give people with the app: `rider(WIDE, "ne")`. In the end the console was silent and no other host was asked."""
    made: list[Rider] = []

    def make(size: str = PHONE, language: str = "en") -> Rider:
        made.append(Rider(browser, street, size=size, language=language))
        return made[-1]

    yield make
    for each in made:
        each.leave()
        assert each.troubles == []


@pytest.fixture
def number() -> str:
    """Give a mobile number that nobody has used."""
    return str(next(_numbers))


def sign_in(rider: Rider, number: str) -> None:
    """Go through the sign-in that the page shows, as somebody new."""
    page = rider.page
    page.fill("[name=identifier]", number)
    page.press("[name=identifier]", "Enter")
    page.wait_for_selector("#code")
    page.fill("#code", rider.street.code_for(number))
    page.fill("[name=first_name]", "Sita")
    page.fill("[name=last_name]", "Rai")
    page.press("[name=last_name]", "Enter")


def tell_about_oneself(rider: Rider) -> None:
    page = rider.page
    page.fill("[name=date_of_birth]", "1995-04-12")
    page.fill("[name=address]", "Thamel Marg 3")
    page.fill("[name=city]", "Kathmandu")
    page.press("[name=city]", "Enter")


def top_up(rider: Rider, gateway: str = "khalti", amount: str = "100") -> None:
    """Pay at a gateway, and come back."""
    page = rider.page
    page.fill("#amount", amount)
    page.click(f"[data-gateway={gateway}]")
    page.wait_for_url(f"{rider.street.sandbox.url}/**")
    page.click("button:has-text('Pay NPR')")
    page.wait_for_url("**/app/payment?**")


def come_signed_in(rider: Rider, *, wallet: int = 100_00, may_rent: bool = True) -> UUID:
    """Have somebody who is known here come to the app: with money in the wallet, and all that a rental needs."""
    with rider.street.net.app.app_context():
        with transaction() as session:
            user = User(id=new_id(), username=f"u{uuid4().hex[:16]}", referral_code=uuid4().hex[:10])
            session.add(user)
            session.flush()
            if may_rent:
                session.execute(MAY_RENT, {"id": user.id})
            if wallet:
                deposit(user.id, wallet)
            tokens, user_id = sessions.begin_session(user, user_agent=None), user.id
        db.session.remove()
    cookie = {"name": COOKIE, "value": tokens.refresh_token, "httpOnly": True, "sameSite": "Strict"}
    rider.context.add_cookies([{**cookie, "domain": "127.0.0.1", "path": "/api/auth"}])
    rider.page.goto("/app/manifest.webmanifest")
    rider.page.evaluate("localStorage.setItem('powerbank.signed-in', '1')")
    return user_id


def staff_of(street: Street, role: Role) -> dict[str, str]:
    """Give the headers with which a new member of staff asks the API."""
    with street.net.app.app_context():
        with transaction() as session:
            member = StaffMember(email=f"{uuid4().hex[:8]}@powerbank.test", password_hash="unused", role=role)
            session.add(member)
            session.flush()
            session.refresh(member)
            begun = staff_sessions.begin_session(member, kind="api", user_agent=None, ip_address=None, now=utcnow())
            token = staff_sessions.issue_tokens(begun, member).access_token
        db.session.remove()
    return {"Authorization": f"Bearer {token}"}


def ready_to_rent(rider: Rider) -> None:
    """Bring somebody to the last step: a package is chosen, the wallet is full, one press is left."""
    come_signed_in(rider)
    rider.page.goto(f"/app/rent/{rider.street.here.sn}?package={rider.street.package}")
    rider.page.wait_for_selector("[data-does=rent]")
