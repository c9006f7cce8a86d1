"""Every route of the application and what it asks for, for tests that must not forget one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule, UUIDConverter

from powerbank.api.openapi import notes_for_document

NOBODY = "01900000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Route:
    method: str
    rule: Rule
    permission: str | None  # "user" for a signed-in person, else a permission of staff

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def names(self) -> list[str]:
        return sorted(self.rule.arguments)

    def address(self, values: Mapping[str, Any] | None = None) -> str:
        """Build the address of a route. Ids that are not given are ids that nobody has."""
        made_up = {name: _made_up(converter) for name, converter in self.rule._converters.items()}
        adapter = self.rule.map.bind("localhost")  # type: ignore[union-attr]
        return adapter.build(self.rule.endpoint, made_up | dict(values or {}), method=self.method)


def _made_up(converter: BaseConverter) -> Any:
    if isinstance(converter, IntegerConverter):
        return 0
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return NOBODY if isinstance(converter, UUIDConverter) else "x"


def routes(app: Flask, prefix: str = "/api/") -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith(prefix):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule, notes(app, rule, method).get("permission"))


def notes(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    """Return what the decorators of a route noted on it: the permission, and whether it is idempotent."""
    view: Any = app.view_functions[rule.endpoint]
    handler = getattr(view.view_class, method.lower()) if hasattr(view, "view_class") else view
    return notes_for_document(handler)
