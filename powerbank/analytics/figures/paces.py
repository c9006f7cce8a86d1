"""Figures that depend on how long a time is: how often a power bank is rented, and how soon a station is paid for."""

from powerbank.analytics.figures.figure import Area, Described, Unit

RENTALS_PER_BANK = Described(
    "rentals_per_bank_and_day",
    ("Rentals per bank and day", "प्रति बैंक प्रतिदिन भाडा"),
    (
        "Rentals that began, divided by the power banks of the network and by the days of the time.",
        "सुरु भएका भाडालाई नेटवर्कका पावर बैंक र दिनले भाग गरेको।",
    ),
    "rentals_started / (mean of banks * days)",
    Unit.COUNT,
    Area.USE,
)
PAYBACK = Described(
    "payback_months",
    ("Payback in months", "लागत उठ्ने महिना"),
    (
        "How many months of thirty days a station needs to earn what it costs (the setting `station_cost`), at the pace"
        " of this time and before shares.",
        "यो अवधिको गतिमा, हिस्सा घटाउनुअघि, स्टेशनको लागत (सेटिङ `station_cost`) उठ्न लाग्ने तीस दिने महिना।",
    ),
    "station_cost / (revenue / days * 30)",
    Unit.COUNT,
    Area.STATIONS,
)
PACES = (RENTALS_PER_BANK, PAYBACK)


def rentals_per_bank(rentals: int, banks: list[int], days: float) -> float | None:
    """Divide rentals by the power banks that were counted on the days. None: nobody counted any."""
    mean = sum(banks) / len(banks) if banks else 0
    return rentals / (mean * days) if mean else None


def payback_months(cost: int, revenue: int, days: float) -> float | None:
    """Tell in how many months a station is paid for. None: nobody says what it costs, or it earns nothing."""
    return cost / (revenue / days * 30) if cost > 0 and revenue > 0 else None
