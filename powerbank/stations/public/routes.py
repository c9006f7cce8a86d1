"""People find stations and mark favourites."""

from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView

from powerbank.api.auth import current_user_id, known_staff, known_user_id, open_to_all, user_only
from powerbank.api.openapi import Blueprint
from powerbank.api.paging import PageArguments, page_of
from powerbank.base.db import transaction, utcnow
from powerbank.stations.public import cards, favourites
from powerbank.stations.public.nearby_stations import NearbySearch, find_nearby_stations
from powerbank.stations.public.schemas import (
    NearbyArguments,
    NearbySchema,
    StationCardSchema,
    StationDetailSchema,
    StationListArguments,
)
from powerbank.stations.registry import queries

blueprint = Blueprint("Stations", __name__, url_prefix="/api", description="Where power banks are.")

CardPage = page_of(StationCardSchema)


@blueprint.get("/stations/nearby")
@open_to_all
@blueprint.arguments(NearbyArguments, location="query")
@blueprint.alt_response(200, schema=NearbySchema)
def list_nearby(arguments: dict[str, Any]) -> Response:
    """Stations around a point, nearest first"""
    items = find_nearby_stations(NearbySearch(**arguments), user_id=known_user_id(), now=utcnow())
    return jsonify(items=items, next_cursor=None)


@blueprint.get("/stations")
@open_to_all
@blueprint.arguments(StationListArguments, location="query")
@blueprint.response(200, CardPage)
def listing(arguments: dict[str, Any]) -> dict[str, Any]:
    """Search by the beginnings of words of name, address, city or number"""
    return cards.make_card_page(queries.list_stations(**arguments), user_id=known_user_id(), now=utcnow())


@blueprint.get("/stations/<sn>")
@open_to_all
@blueprint.alt_response(200, schema=StationDetailSchema)
def detail(sn: str) -> Response:
    """A station with its slots, packages and opening hours"""
    staff = known_staff()
    value = cards.make_detail(
        queries.find_public_station(sn),
        user_id=known_user_id(),
        now=utcnow(),
        with_serials=staff is not None and staff.may("stations.read"),
    )
    response = jsonify(StationDetailSchema().dump(value))
    response.headers["Cache-Control"] = "no-store" if "Authorization" in request.headers else "no-cache"
    response.headers.add("Vary", "Authorization")
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


@blueprint.route("/stations/<sn>/favorite")
class FavoriteStation(MethodView):
    @user_only
    @blueprint.response(204)
    def put(self, sn: str) -> None:
        """Remember this station"""
        with transaction():
            favourites.add_favourite(current_user_id(), sn)

    @user_only
    @blueprint.response(204)
    def delete(self, sn: str) -> None:
        """Forget this station"""
        with transaction():
            favourites.remove_favourite(current_user_id(), sn)


@blueprint.get("/users/me/favorites")
@user_only
@blueprint.arguments(PageArguments, location="query")
@blueprint.response(200, CardPage)
def favorites(arguments: dict[str, Any]) -> dict[str, Any]:
    """My stations"""
    found = favourites.list_favourites(current_user_id(), **arguments)
    return cards.make_card_page(found, user_id=current_user_id(), now=utcnow())
