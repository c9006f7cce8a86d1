"""Serve what the app shows before anybody has signed in."""

from typing import Any

from flask import Response, jsonify

from powerbank.api.language import wanted_language
from powerbank.api.openapi import Blueprint
from powerbank.api.server.response_headers import cacheable
from powerbank.base.db import utcnow
from powerbank.content import queries
from powerbank.content.schemas import (
    BannerCardsSchema,
    CountryCardsSchema,
    FaqSchema,
    PageSchema,
    VersionArguments,
    VersionSchema,
)

blueprint = Blueprint("Content", __name__, url_prefix="/api", description="Pages, banners, app versions, countries.")

MINUTES_5 = 300


@blueprint.get("/content/<any('terms-of-service', 'privacy-policy', about, contact):slug>")
@blueprint.response(200, PageSchema)
def page(slug: str) -> Response:
    """A published page, in the language of Accept-Language or in English"""
    found = queries.find_published_page(slug, wanted_language())
    response = _cached(PageSchema(), found)
    response.headers["Content-Language"] = found.language
    return response


@blueprint.get("/content/faq")
@blueprint.response(200, FaqSchema)
def faq() -> Response:
    """Questions and answers"""
    return _cached(FaqSchema(), {"items": queries.find_faq(wanted_language()), "next_cursor": None})


@blueprint.get("/app/version")
@blueprint.arguments(VersionArguments, location="query")
@blueprint.response(200, VersionSchema)
def version(arguments: dict[str, str]) -> Response:
    """Whether this version of the app is current, old, or too old to be used"""
    return _cached(VersionSchema(), queries.compare_version(**arguments, now=utcnow()))


@blueprint.get("/app/banners")
@blueprint.response(200, BannerCardsSchema)
def banners() -> Response:
    """Banners to show now, to readers of the language of Accept-Language"""
    found = queries.list_current_banners(wanted_language(), now=utcnow())
    return _cached(BannerCardsSchema(), {"items": found, "next_cursor": None}, seconds=60)


@blueprint.get("/app/countries")
@blueprint.response(200, CountryCardsSchema)
def countries() -> Response:
    """Countries whose numbers may sign in"""
    return _cached(CountryCardsSchema(), {"items": queries.list_active_countries(), "next_cursor": None})


def _cached(schema: Any, value: object, seconds: int = MINUTES_5) -> Response:
    return cacheable(jsonify(schema.dump(value)), seconds)
