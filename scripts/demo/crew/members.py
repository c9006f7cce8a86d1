"""The members of the crew: who they are, when and where they work, and the two warehouses that they work from."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import select

from powerbank.base.db import open_session
from powerbank.crew.earnings import plans
from powerbank.crew.members import services
from powerbank.crew.members.models import Member
from powerbank.stations.custody import registration
from powerbank.stations.custody import services as banks
from powerbank.stations.custody.models import Place, PowerBank, Whereabouts
from powerbank.stations.warehouses import queries as warehouse_queries
from powerbank.stations.warehouses import services as warehouses
from powerbank.stations.warehouses.models import Warehouse
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.models import Identifier
from scripts.demo import past
from scripts.simulation.crew import Point

BY = "demonstration"
FIRST_SERIAL = 87_000_001
ON_EACH_SHELF = 8


@dataclass(frozen=True)
class Depot:
    name: str
    city: str
    address: str
    at: Point

    @property
    def row(self) -> Warehouse:
        return open_session().scalars(select(Warehouse).where(Warehouse.name == self.name)).one()


@dataclass(frozen=True)
class Hired:
    """A member: the hours are those in which they work from today on."""

    number: int
    first_name: str
    last_name: str
    depot: Depot
    begins: time
    ends: time

    @property
    def phone(self) -> str:
        return f"+977{9_841_600_000 + self.number}"

    def find(self) -> UUID | None:
        """Find the member, whom a demonstration of an earlier version does not have."""
        query = select(Member.id).join(Identifier, Identifier.user_id == Member.user_id)
        return open_session().scalar(query.where(Identifier.kind == "phone", Identifier.value == self.phone))


POKHARA = Depot("Pokhara depot", "Pokhara", "Prithvi Chowk", Point(28.2090, 83.9910))
CHITWAN = Depot("Chitwan depot", "Bharatpur", "Chaubiskothi", Point(27.6800, 84.4300))
# Somebody is at work at each hour, so that whoever looks at a new network sees the crew work.
CREW = (
    Hired(1, "Ram", "Gurung", POKHARA, time(6), time(15)),
    Hired(2, "Maya", "Tamang", CHITWAN, time(8), time(18)),
    Hired(3, "Bikash", "Rai", POKHARA, time(14), time(23)),
    Hired(4, "Nisha", "Chaudhary", CHITWAN, time(17), time(2)),
    Hired(5, "Dipak", "Thapa", POKHARA, time(22), time(7)),
)


def hire_crew(now: datetime) -> None:
    """Open the warehouses with some power banks on their shelves, make a pay plan, and hire the members."""
    with past.play(now):
        for number, depot in enumerate((POKHARA, CHITWAN)):
            open_depot(depot, first_serial=FIRST_SERIAL + number * ON_EACH_SHELF, now=now)
        plan = plans.make_plan(
            {
                "name": "Towns",
                "standard": True,
                "per_task": {
                    **{"empty": 50_00, "full": 50_00, "low_charge": 40_00, "bank_fault": 40_00, "clean": 40_00},
                    **{"offline": 80_00, "slot_fault": 60_00, "missing_bank": 60_00, "audit": 60_00, "install": 300_00},
                },
                "per_bank": 5_00,
                "per_hour": 110_00,
                "surge_most": 2,
                "surge_from": 50_00,
                "surge_full": 500_00,
            }
        )
        for hired in CREW:
            hire(hired, plan_id=plan.id, now=now)


def open_depot(depot: Depot, *, first_serial: int, now: datetime) -> None:
    house = warehouses.make_warehouse(
        {"name": depot.name, "city": depot.city, "address": depot.address, "lat": depot.at.lat, "lng": depot.at.lng}
    )
    serials = [str(first_serial + number) for number in range(ON_EACH_SHELF)]
    registration.register_banks(serials=serials, model="PB-5000", now=now)
    there = Whereabouts(Place.WAREHOUSE, holder=warehouse_queries.holder_of(house))
    for bank_id in open_session().scalars(select(PowerBank.id).where(PowerBank.serial.in_(serials))).all():
        banks.move_bank(bank_id, there, at=now, cause="delivered")


def hire(hired: Hired, *, plan_id: UUID, now: datetime) -> None:
    person = users.create_user(
        contact=identifiers.parse_contact_address(hired.phone),
        username=f"crew.{hired.first_name.lower()}",
        first_name=hired.first_name,
        last_name=hired.last_name,
        referral_code=None,
        language="ne",
    )
    users.change_profile(
        person.id,
        {"date_of_birth": date(1990 + hired.number, 3, 14), "address": hired.depot.address, "city": hired.depot.city},
    )
    values = {"zones": [hired.depot.city], "pay_plan_id": plan_id, "warehouse_id": hired.depot.row.id}
    services.make_member(user_id=person.id, phone=None, email=None, values=values, by=BY, now=now)
