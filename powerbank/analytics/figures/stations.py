"""The figures of stations: whether they could serve, and what they could not sell."""

from powerbank.analytics.buckets.sources import Source
from powerbank.analytics.figures.figure import Area, Derived, Figure, Unit

_ANSWERED = "event IN ('ejected', 'came_late')"


def _seconds(name: str, source: Source, condition: str, title: tuple[str, str], meaning: tuple[str, str]) -> Figure:
    expression = f"coalesce(sum(seconds) FILTER (WHERE {condition}), 0)::bigint"
    return Figure(name, Area.STATIONS, Unit.SECONDS, source, expression, title, meaning)


def _minutes(state: str, title: tuple[str, str], meaning: tuple[str, str]) -> Derived:
    return Derived(
        f"minutes_{state}", Area.STATIONS, Unit.MINUTES, (f"{state}_seconds",), title, meaning, factor=1 / 60
    )


def _refused(name: str, condition: str, title: tuple[str, str], meaning: tuple[str, str]) -> Figure:
    expression = f"count(*) FILTER (WHERE {condition})" if condition else "count(*)"
    return Figure(name, Area.LOST, Unit.COUNT, Source.REFUSALS, expression, title, meaning)


_OPEN = ("within its opening hours", "खुला समयभित्र")

STATIONS: tuple[Figure | Derived, ...] = (
    Figure(
        "ejections",
        Area.STATIONS,
        Unit.COUNT,
        Source.MOVES,
        f"count(*) FILTER (WHERE {_ANSWERED})",
        ("Ejections", "निस्काइ"),
        ("Power banks that came out for a rental.", "भाडाका लागि बाहिर आएका पावर बैंक।"),
    ),
    Figure(
        "ejection_milliseconds",
        Area.STATIONS,
        Unit.COUNT,
        Source.MOVES,
        f"coalesce(sum(greatest(0, extract(epoch FROM at - created_at) * 1000)) FILTER (WHERE {_ANSWERED}), 0)::bigint",
        ("Milliseconds of ejections", "निस्काइका मिलिसेकेन्ड"),
        (
            "From the request of a rental until its power bank was out, all together.",
            "माग गरेदेखि पावर बैंक बाहिर नआउन्जेल, जम्मा।",
        ),
    ),
    Derived(
        "seconds_to_eject",
        Area.STATIONS,
        Unit.SECONDS,
        ("ejection_milliseconds",),
        ("Seconds to eject", "निस्कन लाग्ने सेकेन्ड"),
        (
            "From the request of a rental until its power bank was out, on average.",
            "माग गरेदेखि पावर बैंक बाहिर नआउन्जेल, औसतमा।",
        ),
        per=("ejections",),
        factor=0.001,
    ),
    Figure(
        "ejections_failed",
        Area.STATIONS,
        Unit.COUNT,
        Source.MOVES,
        "count(*) FILTER (WHERE event IN ('eject_refused', 'eject_unanswered'))",
        ("Ejections that failed", "असफल निस्काइ"),
        (
            "Commands to eject that a station refused or did not answer.",
            "स्टेशनले नमानेका वा जवाफ नदिएका निस्काइ आदेश।",
        ),
    ),
    _seconds(
        "offline_seconds",
        Source.STATUS,
        "status = 'offline'",
        ("Seconds offline", "सम्पर्कविहीन सेकेन्ड"),
        (f"How long the station could not be reached, {_OPEN[0]}.", f"स्टेशन सम्पर्कमा नरहेको समय, {_OPEN[1]}।"),
    ),
    _minutes(
        "offline",
        ("Minutes offline", "सम्पर्कविहीन मिनेट"),
        (f"How long the station could not be reached, {_OPEN[0]}.", f"स्टेशन सम्पर्कमा नरहेको समय, {_OPEN[1]}।"),
    ),
    _seconds(
        "maintenance_seconds",
        Source.STATUS,
        "status = 'maintenance'",
        ("Seconds in maintenance", "मर्मतका सेकेन्ड"),
        (f"How long staff had the station out of service, {_OPEN[0]}.", f"मर्मतका लागि सेवा बन्द समय, {_OPEN[1]}।"),
    ),
    _minutes(
        "maintenance",
        ("Minutes in maintenance", "मर्मतका मिनेट"),
        (f"How long staff had the station out of service, {_OPEN[0]}.", f"मर्मतका लागि सेवा बन्द समय, {_OPEN[1]}।"),
    ),
    _seconds(
        "empty_seconds",
        Source.STOCK,
        "is_empty",
        ("Seconds empty", "रित्तो सेकेन्ड"),
        (f"How long there was no power bank to rent, {_OPEN[0]}.", f"भाडामा दिन पावर बैंक नभएको समय, {_OPEN[1]}।"),
    ),
    _minutes(
        "empty",
        ("Minutes empty", "रित्तो मिनेट"),
        (f"How long there was no power bank to rent, {_OPEN[0]}.", f"भाडामा दिन पावर बैंक नभएको समय, {_OPEN[1]}।"),
    ),
    _seconds(
        "full_seconds",
        Source.STOCK,
        "is_full",
        ("Seconds full", "भरिएको सेकेन्ड"),
        (f"How long there was no free slot to return into, {_OPEN[0]}.", f"फिर्ता गर्न खाली ठाउँ नभएको समय, {_OPEN[1]}।"),
    ),
    _minutes(
        "full",
        ("Minutes full", "भरिएको मिनेट"),
        (f"How long there was no free slot to return into, {_OPEN[0]}.", f"फिर्ता गर्न खाली ठाउँ नभएको समय, {_OPEN[1]}।"),
    ),
    Figure(
        "issues",
        Area.STATIONS,
        Unit.COUNT,
        Source.ISSUES,
        "count(*)",
        ("Issues", "समस्या"),
        (
            "Issues that were opened for the station, each once, however many people reported it.",
            "स्टेशनमा खोलिएका समस्या, जति जनाले भने पनि एक पटक।",
        ),
    ),
)

_DONE = "FILTER (WHERE status = 'done')"

CREW: tuple[Figure | Derived, ...] = (
    Figure(
        "tasks_done",
        Area.FLEET,
        Unit.COUNT,
        Source.TASKS,
        f"count(*) {_DONE}",
        ("Tasks done", "सकिएका काम"),
        ("Tasks that the field crew finished, when they did.", "फिल्ड टोलीले सकेका काम, सकेकै समयमा।"),
    ),
    Figure(
        "task_seconds",
        Area.FLEET,
        Unit.SECONDS,
        Source.TASKS,
        f"coalesce(sum(seconds) {_DONE}, 0)",
        ("Seconds of tasks", "कामका सेकेन्ड"),
        ("From when a task was made until it was done, all together.", "काम बनेदेखि नसकिन्जेल, जम्मा।"),
    ),
    Derived(
        "minutes_to_done",
        Area.FLEET,
        Unit.MINUTES,
        ("task_seconds",),
        ("Minutes to done", "सकिन लाग्ने मिनेट"),
        ("From when a task was made until it was done, on average.", "काम बनेदेखि नसकिन्जेल, औसतमा।"),
        per=("tasks_done",),
        factor=1 / 60,
    ),
    Figure(
        "banks_moved",
        Area.FLEET,
        Unit.COUNT,
        Source.TASKS,
        f"coalesce(sum(brought + taken) {_DONE}, 0)",
        ("Power banks moved", "सारिएका पावर बैंक"),
        (
            "Power banks that the crew brought and took for tasks that it finished.",
            "सकेका कामका लागि टोलीले ल्याएका र लगेका पावर बैंक।",
        ),
    ),
)

LOST: tuple[Figure | Derived, ...] = (
    _refused(
        "refused_starts",
        "",
        ("Refused starts", "अस्वीकृत सुरुवात"),
        ("Requests to rent that were refused.", "अस्वीकार गरिएका भाडाका माग।"),
    ),
    Figure(
        "refused_value",
        Area.LOST,
        Unit.MONEY,
        Source.REFUSALS,
        "coalesce(sum(value), 0)",
        ("Not sold", "नबिकेको"),
        (
            "What the refused requests would have brought at least: the price of the package, or its first unit.",
            "अस्वीकृत मागले कम्तीमा ल्याउने रकम: प्याकेजको मूल्य, वा पहिलो एकाइ।",
        ),
    ),
    _refused(
        "refused_empty",
        "reason = 'no_powerbank_available'",
        ("Refused: empty", "अस्वीकृत: रित्तो"),
        ("Refused because there was no power bank to rent.", "भाडामा दिने पावर बैंक नभएकाले अस्वीकृत।"),
    ),
    _refused(
        "refused_offline",
        "reason IN ('station_offline', 'station_maintenance')",
        ("Refused: not in service", "अस्वीकृत: सेवामा छैन"),
        (
            "Refused because the station was offline or in maintenance.",
            "स्टेशन सम्पर्कमा नभएकाले वा मर्मतमा भएकाले अस्वीकृत।",
        ),
    ),
    _refused(
        "refused_funds",
        "reason = 'insufficient_funds'",
        ("Refused: too little money", "अस्वीकृत: कम रकम"),
        ("Refused because the wallet had too little.", "वालेटमा रकम नपुगेकाले अस्वीकृत।"),
    ),
)
