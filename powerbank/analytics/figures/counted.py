"""The figures that are no sums of what happened: counts of a day, which only their own table has."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from powerbank.analytics.figures.figure import Area, Unit
from powerbank.analytics.models import BalanceDay, FleetDay, PeopleDay


@dataclass(frozen=True)
class Counted:
    """A count of a day: a column of its table, or the ratio of two of them."""

    name: str
    area: Area
    unit: Unit
    table: Any
    column: str
    title: tuple[str, str]
    meaning: tuple[str, str]
    per: str | None = None
    factor: float = 1

    @property
    def made_from(self) -> str:
        above = self.column if self.factor == 1 else f"{self.factor:g} * {self.column}"
        return f"{self.table.__tablename__}: {above}{f' / {self.per}' if self.per else ''}"

    def value(self, row: Any) -> float | None:
        if row is None:
            return None
        above: float = getattr(row, self.column) * self.factor
        if self.per is None:
            return above
        below = getattr(row, self.per)
        return float(above / below) if below else None


def _fleet(column: str, title: tuple[str, str], meaning: tuple[str, str], **more: Any) -> Counted:
    return Counted(more.pop("name", column), Area.FLEET, Unit.COUNT, FleetDay, column, title, meaning, **more)


FLEET = (
    _fleet("banks", ("Power banks", "पावर बैंक"), ("All that are registered.", "दर्ता भएका सबै।")),
    _fleet("banks_in_slots", ("In stations", "स्टेशनमा"), ("In a slot of a station.", "स्टेशनको स्लटमा रहेका।")),
    _fleet("banks_rented", ("Rented", "भाडामा"), ("With the people who rent them.", "भाडामा लिने मानिससँग रहेका।")),
    _fleet("banks_with_crew", ("With the crew", "टोलीसँग"), ("In hands of the field crew.", "फिल्ड टोलीसँग रहेका।")),
    _fleet("banks_in_warehouses", ("In warehouses", "गोदाममा"), ("In a warehouse.", "गोदाममा रहेका।")),
    _fleet(
        "banks_quarantined",
        ("Quarantined", "अलग राखिएका"),
        ("Held back from renting, wherever they are.", "जहाँ भए पनि भाडामा नदिइने गरी रोकिएका।"),
    ),
    _fleet("banks_lost", ("Lost", "हराएका"), ("Written off, or never brought back.", "हराएको मानिएका वा फिर्ता नआएका।")),
    _fleet("banks_faulty", ("Faulty", "बिग्रेका"), ("Known to be broken.", "बिग्रेको थाहा भएका।")),
    _fleet(
        "banks_low",
        ("With little charge", "चार्ज कम"),
        ("In a slot with too little charge to be rented.", "भाडामा दिन चार्ज नपुगेका, स्लटमा रहेका।"),
    ),
    _fleet(
        "bank_cycles",
        ("Cycles per bank", "प्रति बैंक चक्र"),
        ("How often a power bank was charged, on average.", "एउटा पावर बैंक औसतमा कति पटक चार्ज भयो।"),
        name="cycles_per_bank",
        per="banks",
    ),
    _fleet("stations", ("Stations", "स्टेशन"), ("Stations that are in use.", "प्रयोगमा रहेका स्टेशन।")),
    _fleet(
        "stations_away",
        ("Stations away", "सम्पर्कविहीन स्टेशन"),
        ("Of those, the ones that cannot be reached.", "तीमध्ये सम्पर्कमा नआएका।"),
    ),
)


def _people(column: str, title: tuple[str, str], meaning: tuple[str, str], **more: Any) -> Counted:
    unit = more.pop("unit", Unit.COUNT)
    return Counted(more.pop("name", column), Area.PEOPLE, unit, PeopleDay, column, title, meaning, **more)


ACTIVE = (
    _people(
        "active", ("Active in a day", "एक दिनमा सक्रिय"), ("People who rented on the day.", "त्यस दिन भाडामा लिने मानिस।")
    ),
    _people(
        "active_7_days",
        ("Active in a week", "एक हप्तामा सक्रिय"),
        ("People who rented in the seven days up to its end.", "त्यस दिनसम्मका सात दिनमा भाडामा लिने मानिस।"),
    ),
    _people(
        "active_30_days",
        ("Active in a month", "एक महिनामा सक्रिय"),
        ("People who rented in the thirty days up to its end.", "त्यस दिनसम्मका तीस दिनमा भाडामा लिने मानिस।"),
    ),
    _people(
        "gone",
        ("Churn", "छाडेर गएका"),
        (
            "Of the people who rented in the thirty days before those, the share that did not rent since.",
            "त्यसअघिका तीस दिनमा भाडामा लिनेमध्ये त्यसपछि नलिनेको अंश।",
        ),
        name="churn_percent",
        unit=Unit.PERCENT,
        per="active_30_days_before",
        factor=100,
    ),
)


def _balance(column: str, title: tuple[str, str], meaning: tuple[str, str]) -> Counted:
    return Counted(column, Area.MONEY, Unit.MONEY, BalanceDay, column, title, meaning)


BALANCES = (
    _balance(
        "wallet_float",
        ("In wallets", "वालेटमा"),
        ("What people have in their wallets, which the network owes them.", "मानिसको वालेटमा रहेको, नेटवर्कले तिर्नुपर्ने रकम।"),
    ),
    _balance(
        "held",
        ("Held", "रोकिएको"),
        ("What is held of people's money for rentals that are out.", "बाहिर रहेका भाडाका लागि रोकिएको मानिसको रकम।"),
    ),
    _balance(
        "dues_open",
        ("Dues", "बक्यौता"),
        ("What people owe the network.", "मानिसले नेटवर्कलाई तिर्न बाँकी रकम।"),
    ),
)
COUNTED: Mapping[str, Counted] = MappingProxyType({each.name: each for each in (*FLEET, *ACTIVE, *BALANCES)})
