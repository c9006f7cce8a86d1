"""Query strings may hold only what their route knows: a misspelt name would be a filter that is not applied, and nobody
would notice."""

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from marshmallow import Schema

from powerbank.base.errors import InvalidFieldsError


def note_query_parameters(view: Any, wrapped_view: Any, schema: Schema) -> None:
    """Note that a view takes the query parameters of the view that it wraps, and the fields of a schema."""
    names = {field.data_key or name for name, field in schema.load_fields.items()}
    view._query_names = getattr(wrapped_view, "_query_names", frozenset()) | names


def takes_foreign_parameters(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a route whose address others write, as gateways do: they may add any query parameter to it."""
    view._takes_foreign_parameters = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Refuse unknown query parameters on all routes of the API. People open pages from links to which others have added
    something, so pages take anything."""
    known: dict[tuple[str, str], frozenset[str] | None] = {}

    @app.before_request
    def refuse_unknown_names() -> None:
        if not request.query_string or request.url_rule is None:
            return
        place = (request.url_rule.endpoint, "GET" if request.method == "HEAD" else request.method)
        if place not in known:
            blueprint = app.blueprints.get(request.blueprint or "")
            of_api = getattr(blueprint, "refuses_unknown_query_parameters", False)
            known[place] = _names(app.view_functions[place[0]], place[1]) if of_api else None
        names = known[place]
        unknown = set() if names is None else set(request.args) - names
        if unknown:
            errors = {name[:100]: ["Unknown field."] for name in sorted(unknown)[:20]}
            raise InvalidFieldsError(errors)


def _names(view: Any, method: str) -> frozenset[str] | None:
    """Give the query parameters that a route knows; None where it takes any."""
    handler = getattr(getattr(view, "view_class", None), method.lower(), view)
    if getattr(handler, "_takes_foreign_parameters", False):
        return None
    return frozenset(getattr(handler, "_query_names", frozenset()))
