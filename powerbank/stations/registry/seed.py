"""Fill in the stations, packages and power banks of a demonstration network in Kathmandu."""

from datetime import datetime

from sqlalchemy import func, select

from powerbank.base.db import open_session
from powerbank.stations.custody import registration
from powerbank.stations.models import Station
from powerbank.stations.packages.models import Package, PaymentModel
from powerbank.stations.registry import services

SLOTS = 8
BANKS_EACH = 6
SHOP_HOURS = {
    "weekly": {day: [["07:00", "21:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri")}
    | {"sat": [["09:00", "18:00"]]},
    "exceptions": [],
}
BAR_HOURS = {
    "weekly": {day: [["12:00", "02:00"]] for day in ("sun", "mon", "tue", "wed", "thu", "fri", "sat")},
    "exceptions": [],
}

PLACES = (
    ("Thamel Chowk", "Thamel Marg", "Kathmandu", 27.71530, 85.31230, BAR_HOURS),
    ("Durbar Marg", "Durbar Marg 44", "Kathmandu", 27.71190, 85.31780, SHOP_HOURS),
    ("New Road Gate", "New Road", "Kathmandu", 27.70390, 85.31160, SHOP_HOURS),
    ("Ratna Park", "Kanti Path", "Kathmandu", 27.70670, 85.31460, None),
    ("Tribhuvan Airport, arrivals", "Ring Road", "Kathmandu", 27.69660, 85.35910, None),
    ("Boudha Stupa", "Boudha Sadak", "Kathmandu", 27.72150, 85.36200, SHOP_HOURS),
    ("Swayambhu East Gate", "Swayambhu Marg", "Kathmandu", 27.71490, 85.29200, SHOP_HOURS),
    ("Baneshwor", "Madan Bhandari Road", "Kathmandu", 27.68880, 85.33550, SHOP_HOURS),
    ("Maharajgunj Hospital", "Maharajgunj Road", "Kathmandu", 27.73560, 85.33030, None),
    ("Patan Durbar Square", "Mangal Bazar", "Lalitpur", 27.67270, 85.32530, SHOP_HOURS),
    ("Jhamsikhel", "Jhamsikhel Road", "Lalitpur", 27.67820, 85.30970, BAR_HOURS),
    ("Bhaktapur Durbar Square", "Dattatreya Sadak", "Bhaktapur", 27.67210, 85.42830, SHOP_HOURS),
)
PACKAGES = (
    {"name": "30 minutes", "duration_minutes": 30, "price": 2500},
    {"name": "1 hour", "duration_minutes": 60, "price": 4000},
    {"name": "4 hours", "duration_minutes": 240, "price": 10000},
    {"name": "1 day", "duration_minutes": 1440, "price": 20000},
)


def seed_stations(now: datetime) -> bool:
    """Fill an empty network. False: there are stations already."""
    session = open_session()
    if session.scalar(select(func.count()).select_from(Station)):
        return False
    for number, (name, address, city, lat, lng, hours) in enumerate(PLACES, start=1):
        services.register_station(
            sn=make_sn(number),
            imei=make_imei(number),
            name=name,
            address=address,
            city=city,
            lat=lat,
            lng=lng,
            opening_hours=hours,
            slots=SLOTS,
            protocol="volinks-v1" if number % 4 == 0 else "json-v1",
            now=now,
        )
    registration.register_banks(
        serials=[make_serial(each) for each in range(1, len(PLACES) * BANKS_EACH + 1)], model="PB-5000", now=now
    )
    session.add_all(Package(**each, payment_model=PaymentModel.PREPAID) for each in PACKAGES)
    session.add(
        Package(
            name="Pay as you go",
            duration_minutes=480,
            price=0,
            payment_model=PaymentModel.POSTPAID,
            unit_minutes=30,
            unit_price=2000,
        )
    )
    return True


def make_sn(number: int) -> str:
    return f"KTM-{number:03d}"


def make_imei(number: int) -> str:
    return f"8605880400{number:05d}"


def list_serials(number: int) -> list[str]:
    """List the banks that are in the station of this number at first."""
    return [make_serial((number - 1) * BANKS_EACH + each) for each in range(1, BANKS_EACH + 1)]


def make_serial(number: int) -> str:
    """Make a serial that both protocols can say: digits only, and below 2^32."""
    return str(85_000_000 + number)
