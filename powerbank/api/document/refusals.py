"""The codes of refusals in the document: what follows from a route's guards, and what its code may end with.

The latter is found in the source by `flask docs write`, and kept in `refusals.json`.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask

FOUND = Path(__file__).parent / "refusals.json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Refusal = tuple[int, str]

_RESPONSE = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
# What any route may answer: too many requests, and a part that is away.
_ALWAYS = [(429, "rate_limited"), (503, "busy"), (503, "unavailable")]
_STAFF = [(403, "forbidden"), (403, "password_change_required"), (403, "totp_enrolment_required")]
_KEY = [(400, "idempotency_key_invalid"), (409, "idempotency_conflict")]


def add_refusals(document: dict[str, Any]) -> None:
    """Say for each route with which codes it may refuse, by status."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method.upper() in METHODS and path.startswith("/api/"):
                _add_to(operation, {*_of_guards(path, operation), *read_found().get(f"{method.upper()} {path}", ())})


def _add_to(operation: dict[str, Any], refusals: set[Refusal]) -> None:
    by_status: dict[int, list[str]] = defaultdict(list)
    for status, code in sorted(refusals):
        by_status[status].append(code)
    for status, codes in by_status.items():
        said = operation["responses"].get(str(status), {}).get("description")
        text = f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}."
        response = {"description": f"{said}\n\n{text}" if said else text, "content": _RESPONSE}
        operation["responses"][str(status)] = {**operation["responses"].get(str(status), {}), **response}
        operation["responses"][str(status)].pop("$ref", None)
    operation["responses"] = dict(sorted(operation["responses"].items()))
    operation["x-refusals"] = {str(status): codes for status, codes in by_status.items()}


def _of_guards(path: str, operation: dict[str, Any]) -> Iterator[Refusal]:
    yield from _ALWAYS
    if operation.get("security"):
        yield 401, "unauthenticated"
        if operation.get("x-permission") not in (None, "user"):
            yield from _STAFF
    names = {parameter.get("name"): parameter for parameter in operation.get("parameters", ())}
    if "cursor" in names:
        yield 400, "bad_cursor"
    if key := names.get("Idempotency-Key"):
        yield from _KEY
        if key["required"]:
            yield 400, "idempotency_key_required"
    if "{" in path:
        yield 404, "not_found"
    if any(parameter.get("in") == "query" for parameter in names.values()):
        yield 422, "validation_failed"
    if "requestBody" in operation:
        yield from ((400, "bad_request"), (413, "body_too_large"), (415, "unsupported_media_type"))
        yield 422, "validation_failed"


@cache
def read_found() -> dict[str, tuple[Refusal, ...]]:
    """Read what was found in the source, by method and path."""
    kept: dict[str, list[str]] = json.loads(FOUND.read_text())
    return {
        route: tuple((int(status), code) for status, code in (refusal.split(" ") for refusal in refusals))
        for route, refusals in kept.items()
    }


def write_found(app: Flask) -> None:
    """Find the refusals of all routes in the source, and keep them."""
    FOUND.write_text(describe_found(app))
    read_found.cache_clear()


def describe_found(app: Flask) -> str:
    """Find the refusals of all routes in the source, and write them as they are kept: a line for each route."""
    from powerbank.api.document.analysis import ROOT, Refusals, Source  # it takes a second, so only who asks loads it

    source = Refusals(Source(ROOT / "powerbank"))
    lines = []
    for route, function in sorted(_functions(app)):
        if refusals := sorted(source.of_function(function)):
            kept = json.dumps([f"{status} {code}" for status, code in refusals])
            lines.append(f"{json.dumps(route)}: {kept}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _functions(app: Flask) -> Iterator[tuple[str, str]]:
    """List all routes of the API, each with the full name of its function."""
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        view: Any = app.view_functions[rule.endpoint]
        for method in (rule.methods or set()) & set(METHODS) if path.startswith("/api/") else ():
            function = getattr(getattr(view, "view_class", None), method.lower(), view)
            # A function that is made by another one may end with whatever that one names.
            yield f"{method} {path}", f"{function.__module__}.{function.__qualname__.split('.<locals>')[0]}"
