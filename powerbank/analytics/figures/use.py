"""The figures of use: what became of rentals, and who came."""

from powerbank.analytics.buckets.sources import Source
from powerbank.analytics.figures.figure import Area, Derived, Figure, Unit


def _ended(status: str, more: str = "") -> str:
    """Count rentals that came to a status, less those that left it, so that the sum is how many have it."""
    came, left = (f"count(*) FILTER (WHERE {side} = '{status}'{more})" for side in ("to_status", "from_status"))
    return f"{came} - {left}"


def _use(name: str, expression: str, title: tuple[str, str], meaning: tuple[str, str]) -> Figure:
    return Figure(name, Area.USE, Unit.COUNT, Source.MOVES, expression, title, meaning)


USE: tuple[Figure | Derived, ...] = (
    _use(
        "rentals_initiated",
        "count(*) FILTER (WHERE event = 'initiated')",
        ("Asked for", "मागिएका"),
        (
            "Rentals that people asked for and that were accepted.",
            "मागिएर स्वीकार भएका भाडा।",
        ),
    ),
    _use(
        "rentals_started",
        "count(*) FILTER (WHERE to_status = 'active' AND from_status <> 'overdue')",
        ("Started", "सुरु भएका"),
        ("Rentals whose power bank came out, when it did.", "पावर बैंक बाहिर आएका भाडा, आएकै समयमा।"),
    ),
    _use(
        "rentals_completed",
        _ended("completed"),
        ("Completed", "पूरा भएका"),
        (
            "Rentals whose power bank came back, when it did. One that was cancelled after that counts no more.",
            "पावर बैंक फिर्ता आएका भाडा, फिर्ता आएकै समयमा। पछि रद्द भएको गनिँदैन।",
        ),
    ),
    _use(
        "rentals_on_time",
        _ended("completed", " AND NOT was_overdue"),
        ("On time", "समयमै"),
        ("Completed rentals that came back in time.", "समयमै फिर्ता आएका भाडा।"),
    ),
    _use(
        "rentals_overdue",
        "count(*) FILTER (WHERE to_status = 'overdue')",
        ("Became overdue", "म्याद नाघेका"),
        ("Rentals whose time ran out, when it did.", "समय सकिएका भाडा, सकिएकै समयमा।"),
    ),
    _use(
        "rentals_cancelled",
        _ended("cancelled"),
        ("Cancelled", "रद्द भएका"),
        ("Rentals that were cancelled.", "रद्द गरिएका भाडा।"),
    ),
    _use(
        "rentals_failed",
        _ended("failed"),
        ("Failed", "असफल"),
        ("Rentals for which no power bank came out.", "पावर बैंक बाहिर नआएका भाडा।"),
    ),
    _use(
        "rentals_lost",
        _ended("lost"),
        ("Lost", "हराएका"),
        (
            "Rentals whose power bank did not come back at all. One that is found counts no more.",
            "पावर बैंक फिर्ता नै नआएका भाडा। पछि भेटिए गनिँदैन।",
        ),
    ),
    Figure(
        "rented_minutes",
        Area.USE,
        Unit.MINUTES,
        Source.MOVES,
        "coalesce(sum(extract(epoch FROM ended_at - started_at)::bigint / 60"
        " * (CASE 'completed' WHEN to_status THEN 1 WHEN from_status THEN -1 ELSE 0 END)), 0)",
        ("Minutes rented", "भाडाका मिनेट"),
        ("How long completed rentals lasted, all together.", "पूरा भएका भाडा जम्मा कति लामो रहे।"),
    ),
    Derived(
        "minutes_per_rental",
        Area.USE,
        Unit.MINUTES,
        ("rented_minutes",),
        ("Minutes per rental", "प्रति भाडा मिनेट"),
        ("How long a completed rental lasted, on average.", "पूरा भएको भाडा औसतमा कति लामो रह्यो।"),
        per=("rentals_completed",),
    ),
    Derived(
        "on_time_percent",
        Area.USE,
        Unit.PERCENT,
        ("rentals_on_time",),
        ("On time", "समयमै प्रतिशत"),
        ("Of the completed rentals, those that came back in time.", "पूरा भएका भाडामध्ये समयमै फिर्ता आएका।"),
        per=("rentals_completed",),
        factor=100,
    ),
    Figure(
        "returns",
        Area.USE,
        Unit.COUNT,
        Source.RETURNS,
        "count(*) FILTER (WHERE to_status = 'completed') - count(*) FILTER (WHERE from_status = 'completed')",
        ("Returns here", "यहाँ फिर्ता"),
        ("Completed rentals by the station that took the power bank back.", "पावर बैंक फिर्ता लिने स्टेशनअनुसार भाडा।"),
    ),
    Figure(
        "returns_from_elsewhere",
        Area.USE,
        Unit.COUNT,
        Source.RETURNS,
        "count(*) FILTER (WHERE to_status = 'completed' AND return_station_id <> taken_at)"
        " - count(*) FILTER (WHERE from_status = 'completed' AND return_station_id <> taken_at)",
        ("Returns from elsewhere", "अन्यत्रबाट फिर्ता"),
        ("Of those, the ones that were taken at another station.", "तीमध्ये अर्को स्टेशनबाट लिइएका।"),
    ),
)

PEOPLE: tuple[Figure | Derived, ...] = (
    Figure(
        "page_opens",
        Area.PEOPLE,
        Unit.COUNT,
        Source.PAGE_OPENS,
        "coalesce(sum(opens), 0)",
        ("Codes opened", "खोलिएका कोड"),
        (
            "How often the page behind the code of a station was opened.",
            "स्टेशनको कोडपछाडिको पृष्ठ कति पटक खोलियो।",
        ),
    ),
    Figure(
        "sign_ups",
        Area.PEOPLE,
        Unit.COUNT,
        Source.SIGN_UPS,
        "count(*)",
        ("Sign-ups", "नयाँ दर्ता"),
        ("People who made an account.", "खाता खोलेका मानिस।"),
    ),
    Figure(
        "verified",
        Area.PEOPLE,
        Unit.COUNT,
        Source.IDENTITIES,
        "count(*)",
        ("Identities approved", "स्वीकृत पहिचान"),
        ("Identity checks that were approved, when they were.", "स्वीकृत भएका पहिचान, स्वीकृत भएकै समयमा।"),
    ),
)
