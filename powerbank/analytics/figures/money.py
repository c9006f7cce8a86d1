"""The figures of money: what was earned and given back, what others got of it, and what people paid in."""

from powerbank.analytics.buckets.sources import Source
from powerbank.analytics.figures.figure import Area, Derived, Figure, Unit
from powerbank.content import app_config

_REVENUE = ("revenue_fares", "revenue_overdue", "revenue_sales")


def _vat() -> float:
    """Give the part of a price that is VAT. Who is not registered for it has none in its prices."""
    config = app_config.current()
    return config.vat_percent / (100 + config.vat_percent) if config.network_vat_registered else 0.0


def _revenue(name: str, kind: str, title: tuple[str, str], meaning: tuple[str, str]) -> Figure:
    expression = f"coalesce(sum(amount) FILTER (WHERE kind = '{kind}'), 0)"
    return Figure(name, Area.MONEY, Unit.MONEY, Source.REVENUE, expression, title, meaning)


def _cost(name: str, kind: str, title: tuple[str, str], meaning: tuple[str, str], sign: str = "-") -> Figure:
    expression = f"coalesce({sign}sum(amount) FILTER (WHERE kind = '{kind}'), 0)"
    return Figure(name, Area.MONEY, Unit.MONEY, Source.BOOKS, expression, title, meaning)


MONEY: tuple[Figure | Derived, ...] = (
    Derived(
        "revenue",
        Area.MONEY,
        Unit.MONEY,
        _REVENUE,
        ("Revenue", "आम्दानी"),
        (
            "What rentals earned, less what was refunded, when it was booked. Tax and shares are still in it.",
            "भाडाबाट भएको आम्दानी, फिर्ता गरिएको रकम घटाएर, खातामा चढेको समयअनुसार। कर र हिस्सा यसमै छन्।",
        ),
    ),
    _revenue(
        "revenue_fares",
        "rental_revenue",
        ("Fares", "भाडा"),
        ("Fares of rentals, less refunds.", "भाडाको रकम, फिर्ता घटाएर।"),
    ),
    _revenue(
        "revenue_overdue",
        "overdue_revenue",
        ("Overdue fees", "ढिलाइ शुल्क"),
        ("Fees for rentals that came back late, less refunds.", "ढिलो फिर्ता भएका भाडाको शुल्क, फिर्ता घटाएर।"),
    ),
    _revenue(
        "revenue_sales",
        "sales_revenue",
        ("Sales", "बिक्री"),
        (
            "What people paid for power banks that did not come back, less refunds.",
            "फिर्ता नआएका पावर बैंकका लागि तिरिएको रकम, फिर्ता घटाएर।",
        ),
    ),
    Figure(
        "given_back",
        Area.MONEY,
        Unit.MONEY,
        Source.REVENUE,
        "coalesce(-sum(amount) FILTER (WHERE amount < 0), 0)",
        ("Given back", "फिर्ता दिइएको"),
        (
            "What was taken out of revenue again: refunds and corrections.",
            "आम्दानीबाट फेरि घटाइएको रकम: फिर्ता र सच्याइ।",
        ),
    ),
    _cost(
        "waived",
        "write_offs",
        ("Waived", "मिनाहा"),
        ("Dues that staff let people off.", "कर्मचारीले मिनाहा दिएको बक्यौता।"),
    ),
    _cost(
        "partner_shares",
        "partner_expense",
        ("Shares of partners", "साझेदारको हिस्सा"),
        ("What partners earned of it, before tax is withheld.", "साझेदारले पाउने हिस्सा, कर कट्टी अघि।"),
    ),
    _cost(
        "crew_pay",
        "crew_expense",
        ("Pay of the crew", "टोलीको पारिश्रमिक"),
        ("What the field crew earned.", "फिल्ड टोलीले कमाएको रकम।"),
    ),
    _cost(
        "tax_withheld",
        "withheld_tax",
        ("Tax withheld", "कट्टी गरिएको कर"),
        ("Tax kept back from shares for the tax office.", "कर कार्यालयका लागि हिस्साबाट कट्टी गरिएको कर।"),
        sign="",
    ),
    _cost(
        "promotion_cost",
        "promotion_expense",
        ("Cost of points", "अंकको लागत"),
        ("Revenue that people paid in points.", "अंकबाट तिरिएको आम्दानी।"),
    ),
    _cost(
        "topped_up",
        "gateway_clearing",
        ("Topped up", "थपिएको रकम"),
        ("What people paid into their wallets through gateways.", "गेटवेमार्फत वालेटमा थपिएको रकम।"),
    ),
    Derived(
        "vat",
        Area.MONEY,
        Unit.MONEY,
        _REVENUE,
        ("VAT", "भ्याट"),
        (
            "The VAT within the revenue, as the settings say now: none if the network is not registered for it.",
            "आम्दानीभित्रको भ्याट, अहिलेको सेटिङअनुसार: नेटवर्क दर्ता छैन भने हुँदैन।",
        ),
        rate=_vat,
        rate_name="vat_percent / (100 + vat_percent)",
    ),
    Derived(
        "revenue_kept",
        Area.MONEY,
        Unit.MONEY,
        _REVENUE,
        ("Left to the network", "नेटवर्कलाई बाँकी"),
        (
            "Revenue less VAT, the shares of partners and the pay of the crew.",
            "आम्दानीबाट भ्याट, साझेदारको हिस्सा र टोलीको पारिश्रमिक घटाएर।",
        ),
        less=("partner_shares", "crew_pay"),
        rate=lambda: 1 - _vat(),
        rate_name="100 / (100 + vat_percent)",
    ),
    Derived(
        "revenue_per_rental",
        Area.MONEY,
        Unit.MONEY,
        _REVENUE,
        ("Revenue per rental", "प्रति भाडा आम्दानी"),
        ("Revenue divided by rentals that began.", "आम्दानीलाई सुरु भएका भाडाले भाग गरेको।"),
        per=("rentals_started",),
    ),
)
