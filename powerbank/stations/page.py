"""The page behind a station's QR code: opens the app, or shows the station in a browser."""

from types import MappingProxyType

from flask import Blueprint, Response, current_app, make_response, render_template, request

from powerbank.db import utcnow
from powerbank.stations import queries
from powerbank.stations.hours import is_open
from powerbank.stations.models import StationStatus

blueprint = Blueprint("station_page", __name__)

TEXTS = MappingProxyType(
    {
        "en": {
            "banks": "power banks to take", "slots": "free slots to return into", "open_app": "Open in the app",
            "online": "In service", "offline": "Not reachable right now", "maintenance": "Being serviced",
            "closed": "Closed at this time", "rent": "Scan this code with the app to take a power bank.",
            "map": "Show on a map",
        },
        "ne": {
            "banks": "लिन सकिने पावर बैंक", "slots": "फिर्ता गर्न खाली ठाउँ", "open_app": "एपमा खोल्नुहोस्",
            "online": "सेवामा छ", "offline": "अहिले सम्पर्क हुन सकेन", "maintenance": "मर्मत हुँदैछ",
            "closed": "अहिले बन्द छ", "rent": "पावर बैंक लिन एपबाट यो कोड स्क्यान गर्नुहोस्।",
            "map": "नक्सामा हेर्नुहोस्",
        },
    }
)  # fmt: skip


@blueprint.get("/s/<sn>")
def station(sn: str) -> Response:
    found = queries.public_station(sn)
    live = found.live
    language = request.accept_languages.best_match(list(TEXTS)) or "en"
    state = live.status
    if state == StationStatus.ONLINE and not is_open(live.hours, live.timezone, utcnow()):
        state = "closed"
    page = render_template(
        "station.html", station=found, live=live, state=state, language=language, texts=TEXTS[language],
        app_link=f"{current_app.config['SETTINGS'].app_link}/{found.sn}",
    )  # fmt: skip
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Language"] = language
    response.headers.add("Vary", "Accept-Language")
    return response
