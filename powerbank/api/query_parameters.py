"""Query strings hold what their route knows, and nothing else: a name that is misspelt would be a filter that is not
applied, and nobody would notice."""

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from marshmallow import Schema

from powerbank.base.errors import InvalidFieldsError


def note_query_parameters(view: Any, of: Any, schema: Schema) -> None:
    """`view` takes what `of`, which it wraps, takes, and the fields of `schema`."""
    names = {field.data_key or name for name, field in schema.load_fields.items()}
    view._query_names = getattr(of, "_query_names", frozenset()) | names


def takes_foreign_parameters(view: Callable[..., Any]) -> Callable[..., Any]:
    """For a route whose address others write, as gateways do: they hang on it what they like."""
    view._takes_foreign_parameters = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """For all routes of the API. Pages are opened by people, from links that others have added something to."""
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
    """None where anything goes."""
    handler = getattr(getattr(view, "view_class", None), method.lower(), view)
    if getattr(handler, "_takes_foreign_parameters", False):
        return None
    return frozenset(getattr(handler, "_query_names", frozenset()))
