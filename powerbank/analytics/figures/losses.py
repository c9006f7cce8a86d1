"""The figures of money lost, and how each of them is estimated."""

from powerbank.analytics.figures.figure import Area, Described, Unit


def _lost(name: str, title: tuple[str, str], meaning: tuple[str, str], made_from: str) -> Described:
    return Described(name, title, meaning, made_from, Unit.MONEY, Area.LOST)


LOSSES = (
    _lost(
        "lost",
        ("Money lost", "गुमेको रकम"),
        ("All of the following together. It is estimated.", "तलका सबै जोडेर। यो अनुमान हो।"),
        "lost_empty + lost_full + lost_offline + lost_failed",
    ),
    _lost(
        "lost_empty",
        ("Lost: empty", "गुमेको: रित्तो"),
        (
            "While there was nothing to rent: the rentals expected in that part of each hour at the station's mean"
            " fare, or what was refused, whichever is more.",
            "भाडामा दिने केही नहुँदा: घण्टाको त्यति भागमा हुने भाडा र औसत शुल्क, वा अस्वीकृत रकम, जुन बढी छ।",
        ),
        "greatest(expected rentals * empty_seconds / 3600 * mean fare, refused_empty * mean fare)",
    ),
    _lost(
        "lost_full",
        ("Lost: full", "गुमेको: भरिएको"),
        (
            "While there was no free slot: half a mean fare for each return expected in that part of each hour.",
            "खाली ठाउँ नहुँदा: घण्टाको त्यति भागमा हुने प्रत्येक फिर्ताका लागि औसत शुल्कको आधा।",
        ),
        "expected returns * full_seconds / 3600 * mean fare / 2",
    ),
    _lost(
        "lost_offline",
        ("Lost: not in service", "गुमेको: सेवामा छैन"),
        (
            "While the station was offline or in maintenance: the rentals expected in that part of each hour, or what"
            " was refused, whichever is more.",
            "सम्पर्क नहुँदा वा मर्मतमा हुँदा: घण्टाको त्यति भागमा हुने भाडा, वा अस्वीकृत रकम, जुन बढी छ।",
        ),
        "greatest(expected rentals * (offline_seconds + maintenance_seconds) / 3600, refused_offline) * mean fare",
    ),
    _lost(
        "lost_failed",
        ("Lost: failed", "गुमेको: असफल"),
        ("A mean fare for each rental for which nothing came out.", "केही बाहिर नआएको प्रत्येक भाडाका लागि औसत शुल्क।"),
        "rentals_failed * mean fare",
    ),
)
