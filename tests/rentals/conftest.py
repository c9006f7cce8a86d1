"""People who rent, and cabinets that do what a test says. What cabinets say is written as the station's side writes it:
custody first, then the command or the event, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from powerbank.base.db import open_session, transaction, utcnow
from powerbank.base.money import parse_amount
from powerbank.outbox.enqueue import publish
from powerbank.stations.commands import services as commanding
from powerbank.stations.commands.models import CommandStatus, StationCommand
from powerbank.stations.custody import queries as custody_queries
from powerbank.stations.custody.models import Custody
from powerbank.stations.events import EjectionUndone, PowerbankReturned, ReturnSelfTested
from powerbank.stations.packages.models import Package
from tests.databases import execute, superuser_url
from tests.ledger.conftest import award, top_up
from tests.people import Headers, People, rows
from tests.rentals import rentals_in_states
from tests.rentals.rentals_in_states import MAY_RENT
from tests.stations.conftest import Make, broker, make_station  # noqa: F401

MINUTE = timedelta(minutes=1)
BUSY = ("critical", "payments", "iot", "notifications", "default")


@dataclass(frozen=True)
class Renter:
    client: FlaskClient
    id: UUID
    headers: Headers

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> Any:
        headers = self.headers | {"Idempotency-Key": key or str(uuid4())}
        return self.client.post(f"/api{path}", json=body, headers=headers)

    def get(self, path: str) -> Any:
        return self.client.get(f"/api{path}", headers=self.headers).get_json()

    def initiate(self, package: UUID, *, sn: str = "A", method: str = "wallet_only", **more: Any) -> Any:
        body = {"station_sn": sn, "package_id": str(package), "payment_method": method} | more
        return self.post("/rentals/initiate", body)

    def rental(self, rental_id: str) -> dict[str, Any]:
        return dict(self.get(f"/rentals/{rental_id}"))

    def wallet(self) -> tuple[str, str, int, str]:
        """Balance, held, points, dues."""
        found = self.get("/wallet")
        return found["balance"], found["held"], found["points"], found["dues"]


@pytest.fixture
def renter(app: Flask, client: FlaskClient, people: People) -> Callable[..., Renter]:
    """`renter("sita", wallet="500.00", points=300)`: may rent."""

    def make(name: str = "sita", *, wallet: str = "500.00", points: int = 0) -> Renter:
        person = people.join(name)
        with app.app_context(), transaction() as session:
            session.execute(MAY_RENT, {"id": person.id})
            if parse_amount(wallet):
                top_up(person.id, parse_amount(wallet))
            if points:
                award(person.id, points)
        return Renter(client, person.id, person.headers)

    return make


@pytest.fixture
def package(app: Flask, clean: None) -> Callable[..., UUID]:
    """`package(price="50.00", minutes=60)`; with `unit` it is paid afterwards."""

    def make(*, price: str = "50.00", minutes: int = 60, unit: tuple[int, str] | None = None) -> UUID:
        with app.app_context(), transaction() as session:
            made = Package(
                name="One hour",
                duration_minutes=minutes,
                price=parse_amount(price),
                active=True,
                payment_model="postpaid" if unit else "prepaid",
                unit_minutes=unit[0] if unit else None,
                unit_price=parse_amount(unit[1]) if unit else None,
            )
            session.add(made)
            session.flush()
            return made.id

    return make


class Cabinets:
    def __init__(self, app: Flask, work: Callable[..., None]) -> None:
        self.app, self._work = app, work

    def work(self) -> None:
        """All that waits; what would be sent to a station finds no broker."""
        self._work(*BUSY)

    # ── what a station does with the one ejection that is open ────────────────────────────────────

    def ejects(self, sn: str = "A", *, at: datetime | None = None) -> None:
        with self.app.app_context(), transaction():
            rentals_in_states.eject(self._open(sn), at or utcnow())
        self.work()

    def refuses(self, sn: str = "A") -> None:
        self.settles(CommandStatus.FAILED, {"proof": "refused"}, sn)

    def shows_it_still_in(self, sn: str = "A") -> None:
        self.settles(CommandStatus.FAILED, {"proof": "still_in"}, sn)

    def says_nothing(self, sn: str = "A") -> None:
        self.settles(CommandStatus.UNKNOWN, {"error": "no_snapshot"}, sn)

    def settles(self, status: CommandStatus, response: dict[str, Any], sn: str = "A") -> None:
        with self.app.app_context(), transaction():
            commanding.settle_command(self._open(sn), status, response, now=utcnow())
        self.work()

    def ejects_late(self, sn: str = "A", *, serial: str | None = None) -> None:
        """The newest command, or that of this bank, succeeds after all."""
        with self.app.app_context(), transaction():
            rentals_in_states.eject(self._newest(sn, serial), utcnow())
        self.work()

    def sent(self, sn: str = "A") -> None:
        """The open command has gone out."""
        with self.app.app_context(), transaction():
            assert commanding.claim_command(self._open(sn).id, now=utcnow()) is not None

    # ── returns ───────────────────────────────────────────────────────────────────────────────────

    def take_back(
        self,
        serial: str,
        sn: str = "A",
        slot: int = 4,
        *,
        at: datetime | None = None,
        provisional: bool = False,
        times: int = 1,
    ) -> None:
        """A bank is put into a slot; its rental is that of the stay that ends."""
        at = at or utcnow()
        with self.app.app_context(), transaction() as session:
            station_id = rentals_in_states.station_id(sn)
            bank = custody_queries.lock_bank(serial)
            before = session.scalars(select(Custody).where(Custody.bank_id == bank.id).order_by(Custody.id.desc()))
            stay = before.first()
            rentals_in_states.put_back(serial, station_id, slot, at)
            for _ in range(times):
                publish(
                    PowerbankReturned(
                        report_id=uuid4(),
                        bank_id=bank.id,
                        station_id=station_id,
                        slot_number=slot,
                        rental_id=stay.rental_id if stay else None,
                        returned_at=at,
                        received_at=utcnow(),
                        provisional=provisional,
                        how="event",
                    )
                )
        self.work()

    def old_news_of(self, rental_id: str, serial: str, *, at: datetime, sn: str = "A", slot: int = 4) -> None:
        """A return frame that comes once more, long after."""
        with self.app.app_context(), transaction():
            publish(
                PowerbankReturned(
                    report_id=uuid4(),
                    bank_id=custody_queries.lock_bank(serial).id,
                    station_id=rentals_in_states.station_id(sn),
                    slot_number=slot,
                    rental_id=UUID(rental_id),
                    returned_at=at,
                    received_at=utcnow(),
                    provisional=False,
                    how="event",
                )
            )
        self.work()

    def self_test(self, serial: str, rental_id: str, *, passed: bool) -> None:
        with self.app.app_context(), transaction():
            publish(
                ReturnSelfTested(
                    bank_id=custody_queries.lock_bank(serial).id,
                    station_id=rentals_in_states.station_id("A"),
                    slot_number=4,
                    rental_id=UUID(rental_id),
                    passed=passed,
                )
            )
        self.work()

    def shows_again(self, serial: str, rental_id: str, *, sn: str = "A", slot: int = 1) -> None:
        """Said to be out, and seen in its slot all the same."""
        with self.app.app_context(), transaction():
            station_id = rentals_in_states.station_id(sn)
            bank_id = rentals_in_states.put_back(serial, station_id, slot, utcnow())
            publish(
                EjectionUndone(
                    bank_id=bank_id,
                    rental_id=UUID(rental_id),
                    station_id=station_id,
                    slot_number=slot,
                    seen_at=utcnow(),
                )
            )
        self.work()

    # ── beside ────────────────────────────────────────────────────────────────────────────────────

    def commands(self) -> list[tuple[str, str]]:
        query = "SELECT serial, status FROM station_commands WHERE serial IS NOT NULL ORDER BY id"
        return [(row.serial, row.status) for row in rows(self.app, query)]

    def place(self, serial: str) -> str:
        with self.app.app_context(), transaction():
            return custody_queries.find_whereabouts(custody_queries.lock_bank(serial).id).place.value

    def _open(self, sn: str) -> StationCommand:
        return (
            open_session()
            .scalars(
                select(StationCommand).where(
                    StationCommand.station_id == rentals_in_states.station_id(sn),
                    StationCommand.command == "eject_powerbank",
                    StationCommand.finished_at.is_(None),
                )
            )
            .one()
        )

    def _newest(self, sn: str, serial: str | None = None) -> StationCommand:
        query = select(StationCommand).where(
            StationCommand.station_id == rentals_in_states.station_id(sn), StationCommand.command == "eject_powerbank"
        )
        if serial is not None:
            query = query.where(StationCommand.serial == serial)
        found = open_session().scalars(query.order_by(StationCommand.id.desc())).first()
        assert found is not None
        return found


@pytest.fixture
def cabinets(app: Flask, work: Callable[..., None], make_station: Make) -> Cabinets:  # noqa: F811
    return Cabinets(app, work)


@pytest.fixture
def street(context: Flask, make_station: Make, work: Callable[..., None]) -> Any:  # noqa: F811
    """See `Street`."""
    from tests.rentals.street import Street

    return Street(context, make_station, work)


@pytest.fixture
def out(
    renter: Callable[..., Renter],
    package: Callable[..., UUID],
    cabinets: Cabinets,
    make_station: Make,  # noqa: F811
) -> Callable[..., tuple[Renter, str]]:
    """`sita, rental_id = out(minutes=60, ago=90)`: a rental whose bank A-1 came out so many minutes ago."""

    def begin(
        *,
        ago: float = 0,
        minutes: int = 60,
        price: str = "50.00",
        wallet: str = "500.00",
        points: int = 0,
        method: str = "wallet_only",
        unit: tuple[int, str] | None = None,
        name: str = "sita",
    ) -> tuple[Renter, str]:
        make_station("A", charges={1: 90})
        person = renter(name, wallet=wallet, points=points)
        begun = person.initiate(package(price=price, minutes=minutes, unit=unit), method=method)
        assert begun.status_code == 202, begun.text
        cabinets.work()
        if ago:
            make_older(cabinets.app, ago + 1)
        cabinets.ejects(at=utcnow() - ago * MINUTE)
        return person, begun.get_json()["rental_id"]

    return begin


def make_older(app: Flask, minutes: float) -> None:
    """As if the banks had been seated and the rentals begun earlier."""
    execute(
        superuser_url(app.config["TEST_DATABASE"]),
        "SET session_replication_role = replica",
        f"""DO $$ DECLARE stay record; BEGIN
              FOR stay IN SELECT id FROM custody ORDER BY lower(period) LOOP
                UPDATE custody SET period = tstzrange(lower(period) - interval '{minutes} min',
                                                      upper(period) - interval '{minutes} min')
                 WHERE id = stay.id;
              END LOOP; END $$""",
        f"UPDATE rentals SET created_at = created_at - interval '{minutes} min'",
    )
