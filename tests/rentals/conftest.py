"""Make people who rent, and give the fixtures with which tests of rentals begin."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.base.db import transaction, utcnow
from powerbank.base.money import parse_amount
from powerbank.stations.packages.models import Package
from tests.databases import execute, superuser_url
from tests.ledger.conftest import award, top_up
from tests.people import Headers, People
from tests.rentals.cabinets import MINUTE, Cabinets
from tests.rentals.rentals_in_states import MAY_RENT
from tests.stations.conftest import Make, broker, make_station  # noqa: F401


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
        """Return the balance, what is held, the points and the dues."""
        found = self.get("/wallet")
        return found["balance"], found["held"], found["points"], found["dues"]


# These are the types of the fixtures with these names.
Out = Callable[..., tuple[Renter, str]]
Renters = Callable[..., Renter]
Packages = Callable[..., UUID]


@pytest.fixture
def renter(app: Flask, client: FlaskClient, people: People) -> Callable[..., Renter]:
    """Make a person who may rent: `renter("sita", wallet="500.00", points=300)`."""

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
    """Make a package: `package(price="50.00", minutes=60)`. With `unit` it is paid afterwards."""

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


@pytest.fixture
def cabinets(app: Flask, work: Callable[..., None], make_station: Make) -> Cabinets:  # noqa: F811
    return Cabinets(app, work)


@pytest.fixture
def street(context: Flask, make_station: Make, work: Callable[..., None]) -> Any:  # noqa: F811
    """Give a `Street`."""
    from tests.rentals.state_machine.street import Street

    return Street(context, make_station, work)


@pytest.fixture
def out(
    renter: Callable[..., Renter],
    package: Callable[..., UUID],
    cabinets: Cabinets,
    make_station: Make,  # noqa: F811
) -> Callable[..., tuple[Renter, str]]:
    """Make a rental whose power bank A-1 came out some minutes ago: `sita, rental_id = out(minutes=60, ago=90)`."""

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
    """Move the custody of banks and the beginning of rentals into the past."""
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
