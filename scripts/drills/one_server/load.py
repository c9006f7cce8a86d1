"""Runs inside the machine: people who join with a code from an SMS, are given money by staff, rent a power bank and
bring it back, through the proxy; and the cabinets that they rent from, at the broker.

It plays the SMS vendor itself. Until a file appears it goes on; then it ends what is under way and prints what came of
every request, as JSON.
"""

import collections
import http.server
import itertools
import json
import os
import random
import re
import sys
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from scripts.drills.storm import network
from scripts.simulation import StationSpec

WEB, BROKER, SMS_PORT = "https://127.0.0.1", "mqtt://127.0.0.1:8883", 8025
CODE_WITHIN, EJECTED_WITHIN, OVER_WITHIN, SEATED_WITHIN = 90.0, 90.0, 90.0, 240.0
NETWORKS = ("974", "975", "980", "981", "982", "984", "985", "986")  # the beginnings of Nepal's mobile numbers
# One member of staff may give 20,000.00 a day: enough for ten thousand people.
WALLET, TRIP = "2.00", {"name": "A trip", "duration_minutes": 60, "price": "1.00", "payment_model": "prepaid"}
ABOUT = {"date_of_birth": "1990-01-01", "address": "Thamel Marg", "city": "Kathmandu"}
OUT, OVER = ("active", "overdue"), ("completed", "cancelled", "failed", "lost")

codes: dict[str, str] = {}
lock = threading.Lock()
answers: "collections.Counter[str]" = collections.Counter()
longest: dict[str, float] = collections.defaultdict(float)
wrong: list[str] = []


class Vendor(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = urllib.parse.parse_qs(body)
        if found := re.search(r"\b[0-9]{6}\b", form["text"][0]):
            codes[form["to"][0]] = found[0]
        said = b'{"response_code": 200, "response": "queued"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class FromAddress(HTTPAdapter):
    """Each person calls from an address of their own, since limits count by address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *words: Any, **more: Any) -> None:
        super().init_poolmanager(*words, source_address=(self._address, 0), **more)


def note(what: str, began: float, mistake: str = "") -> None:
    took = time.monotonic() - began
    with lock:
        answers[what] += 1
        longest[what] = max(longest[what], took)
        if mistake:
            wrong.append(f"{what}: {mistake}")


class Caller:
    """Whoever calls the API, over the proxy. Nothing is asked a second time: what fails once has failed."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self._web = requests.Session()
        self._web.trust_env = False
        self._web.mount("https://", FromAddress(address))
        self._web.verify = False
        self._web.headers["Host"] = "drill.example.com"

    def sign_in(self, tokens: dict[str, Any]) -> None:
        self._web.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def ask(self, what: str, method: str, path: str, body: Any = None) -> Any:
        """Return what is answered, or nothing where that is a refusal or no answer."""
        began = time.monotonic()
        key = {"Idempotency-Key": f"{random.getrandbits(128):032x}"}
        try:
            answer = self._web.request(method, f"{WEB}{path}", json=body, headers=key, timeout=60)
        except requests.RequestException as error:
            note(what, began, repr(error))
            return None
        note(what, began, "" if answer.ok else f"{answer.status_code} {answer.text[:200]}")
        return answer.json() if answer.ok and answer.content else None


class Staff(Caller):
    def __init__(self) -> None:
        super().__init__()
        account = {"email": os.environ["ADMIN_EMAIL"], "password": os.environ["ADMIN_PASSWORD"]}
        self.sign_in(self.done("POST", "/api/admin/auth/login", account))

    def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        answer: dict[str, Any] | None = self.ask("staff", method, path, body)
        if answer is None:
            raise RuntimeError(wrong[-1])
        return answer


class Person(Caller):
    def __init__(self, dice: random.Random, world: network.Network, staff: Staff) -> None:
        super().__init__(f"127.{dice.randint(1, 250)}.{dice.randint(1, 250)}.{dice.randint(1, 250)}")
        self._dice, self._world, self._staff = dice, world, staff
        self._number = f"{dice.choice(NETWORKS)}{dice.randint(0, 9_999_999):07}"

    def live(self) -> None:
        who = self._join()
        if who is None:
            return
        given = {"amount": WALLET, "reason": "The drill gives its people something to spend."}
        with lock_of_staff:
            self._staff.ask("money from staff", "POST", f"/api/admin/users/{who}/adjust-balance", given)
        for path in ("/api/users/me", "/api/wallet", "/api/stations/nearby?lat=27.7&lng=85.3"):
            self.ask("read", "GET", path)
        spec = self._world.station_with_banks(self._dice)
        trip = {
            "station_sn": spec.sn,
            "package_id": self._world.packages[str(TRIP["name"])],
            "payment_method": "wallet_only",
        }
        if begun := self.ask("rent", "POST", "/api/rentals/initiate", trip):
            self._ride(f"/api/rentals/{begun['rental_id']}")

    def _join(self) -> str | None:
        """Return the id of the new account."""
        asked = self.ask("ask for a code", "POST", "/api/auth/get-otp", {"identifier": f"+977{self._number}"})
        began = time.monotonic()
        while asked and self._number not in codes:
            if time.monotonic() > began + CODE_WITHIN:
                note("code by SMS", began, f"none came to {self._number}")
                return None
            time.sleep(0.1)
        if asked is None:
            return None
        note("code by SMS", began)
        told = {"challenge_id": asked["challenge_id"], "code": codes[self._number]}
        verified = self.ask("verify", "POST", "/api/auth/verify-otp", told)
        if verified is None:
            return None
        who = {"verification_token": verified["verification_token"], "username": f"rider{self._number}"}
        joined = self.ask("join", "POST", "/api/auth/register", who | {"first_name": "Sita", "last_name": "Sharma"})
        if joined is None:
            return None
        self.sign_in(joined)
        self.ask("say who one is", "PATCH", "/api/users/me", ABOUT)
        return str(joined["user"]["id"])

    def _ride(self, path: str) -> None:
        card = self._until(path, "tap to ejection", (*OUT, *OVER), EJECTED_WITHIN)
        if card is None or card["status"] in OVER:
            note("trip", time.monotonic(), f"{path} is {card and card['status']} after its start")
            return
        time.sleep(self._dice.uniform(0.5, 2))
        if self._world.put_back(card["powerbank_sn"], self._dice) is None:
            note("trip", time.monotonic(), f"{card['powerbank_sn']} of {path} is in nobody's hands")
            return
        card = self._until(path, "return to bill", OVER, OVER_WITHIN)
        note("trip", time.monotonic(), "" if card and card["status"] == "completed" else f"{path} is not completed")

    def _until(self, path: str, what: str, wanted: tuple[str, ...], within: float) -> dict[str, Any] | None:
        began, since = time.monotonic(), 0
        while time.monotonic() < began + within:
            card = self.ask("look at a rental", "GET", f"{path}?wait=5&since={since}")
            if card is not None and card["status"] in wanted:
                note(what, began)
                return dict(card)
            since = card["version"] if card else since
        note(what, began, f"{path} not {wanted} after {within:.0f} s")
        return None


lock_of_staff = threading.Lock()


def known_network(staff: Staff, path: Path) -> tuple[list[StationSpec], dict[str, str]]:
    """Register the stations once; later runs of the load find them in the file."""
    if not path.exists():
        specs, packages = network.register_network(staff)
        packages[str(TRIP["name"])] = staff.done("POST", "/api/admin/packages", TRIP)["id"]
        path.write_text(json.dumps({"specs": [each.model_dump() for each in specs], "packages": packages}))
    kept = json.loads(path.read_text())
    return [StationSpec.model_validate(each) for each in kept["specs"]], kept["packages"]


def main() -> None:
    urllib3.disable_warnings()
    stop, begun, people, folder = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path("/root")
    vendor = http.server.ThreadingHTTPServer(("127.0.0.1", SMS_PORT), Vendor)
    threading.Thread(target=vendor.serve_forever, daemon=True).start()
    staff = Staff()
    specs, packages = known_network(staff, folder / "network.json")
    numbers = itertools.count()
    with network.make_simulator(BROKER, specs, seed=1, folder=folder) as cabinets:
        world = network.Network(cabinets, specs, packages)
        network.wait_until_seated(staff, specs, within=SEATED_WITHIN)
        begun.touch()

        def keep_on() -> None:
            while not stop.exists():
                dice = random.Random(f"{next(numbers)} {time.time()}")  # noqa: S311 (not a secret)
                try:
                    Person(dice, world, staff).live()
                except Exception as error:  # who trips is told of
                    note("person", time.monotonic(), repr(error))

        threads = [threading.Thread(target=keep_on) for _ in range(people)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        world.bring_everything_back(random.Random(1))  # noqa: S311 (not a secret)
        network.wait_until_seated(staff, specs, within=SEATED_WITHIN)
    print(json.dumps({"answers": answers, "longest": longest, "wrong": wrong}))


if __name__ == "__main__":
    main()
