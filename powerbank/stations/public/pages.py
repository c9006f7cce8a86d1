"""The page behind a station's QR code: it shows the station, and offers to rent here or in the native app."""

from types import MappingProxyType

from flask import Blueprint, Response, current_app, make_response, render_template, request

from powerbank.base.db import utcnow
from powerbank.base.errors import NotFoundError
from powerbank.stations.models import StationStatus
from powerbank.stations.public import page_opens
from powerbank.stations.registry import queries
from powerbank.stations.registry.opening_hours import describe_today, is_open

blueprint = Blueprint("station_page", __name__)

TEXTS = MappingProxyType(
    {
        "en": {
            "banks": "power banks to take",
            "slots": "free slots to return into",
            "open_app": "Open in the app",
            "online": "In service",
            "offline": "Not reachable right now",
            "maintenance": "Being serviced",
            "closed": "Closed at this time",
            "rent": "Rent here",
            "map": "Show on a map",
            "today": "Open today",
            "gone": "There is no such station",
            "find": "Its code may be an old one. These stations there are.",
            "stations": "To the stations",
        },
        "ne": {
            "banks": "लिन सकिने पावर बैंक",
            "slots": "फिर्ता गर्न खाली ठाउँ",
            "open_app": "एपमा खोल्नुहोस्",
            "online": "सेवामा छ",
            "offline": "अहिले सम्पर्क हुन सकेन",
            "maintenance": "मर्मत हुँदैछ",
            "closed": "अहिले बन्द छ",
            "rent": "यहाँ भाडामा लिनुहोस्",
            "map": "नक्सामा हेर्नुहोस्",
            "today": "आज खुल्ने समय",
            "gone": "यस्तो स्टेशन छैन",
            "find": "यो पुरानो कोड हुन सक्छ। अरू स्टेशनहरू हेर्नुहोस्।",
            "stations": "स्टेशनहरूमा जानुहोस्",
        },
    }
)


@blueprint.get("/s/<sn>")
def station(sn: str) -> Response:
    language = request.accept_languages.best_match(list(TEXTS)) or "en"
    app_link = current_app.config["SETTINGS"].app_link
    page_opens.count_page_open(sn, now=utcnow())
    try:
        found = queries.find_public_station(sn)
    except NotFoundError:
        page = render_template("station_gone.html", language=language, texts=TEXTS[language])
        return _set_language(language, make_response(page, 404))
    live, now = found.live, utcnow()
    state = live.status
    if state == StationStatus.ONLINE and not is_open(live.hours, live.timezone, now):
        state = "closed"
    page = render_template(
        "station.html",
        station=found,
        live=live,
        state=state,
        language=language,
        texts=TEXTS[language],
        app_link=f"{app_link}/{found.sn}",
        hours=describe_today(live.hours, live.timezone, now),
    )
    return _set_language(language, make_response(page))


def _set_language(language: str, response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = language
    response.headers.add("Vary", "Accept-Language")
    return response
