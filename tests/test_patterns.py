"""Every pattern that a stranger's text may meet is done with 100,000 hostile letters at once: none of them tries each
beginning with each end."""

import ast
import contextlib
import importlib
import pkgutil
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import marshmallow as ma
import pytest
from flask import Flask
from marshmallow import validate
from sqlalchemy import CheckConstraint, text

import jobs
import powerbank
from powerbank.api import translations
from powerbank.base import logs
from powerbank.base.db import db
from powerbank.base.errors import AppError
from powerbank.content.queries import parse_version
from powerbank.integrations.callbacks import addresses
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.kyc import citizenship_numbers
from powerbank.stations.registry import search_terms
from powerbank.users import identifiers

ROOT = Path(__file__).parents[1]
LETTERS = 100_000
PATIENCE = 2.0  # seconds; what is linear takes milliseconds, what is quadratic half a minute
UNITS = (
    "a",
    "A",
    "0",
    " ",
    "\n",
    ".",
    "-",
    "\\",
    "a.",
    "a@",
    "0 ",
    "eyJ",
    "://",
    "a/",
    "/a",
    "{a",
    "\\u0000",
    "0x",
    "\n ",
)
ENDS = ("", "\x00", "!")
# These patterns are never asked about what a stranger wrote.
OF_OURS = {
    "powerbank/ops/commands.py": "the documentation's own marks",
    "powerbank/base/settings/rules.py": "the environment's settings",
    "powerbank/api/translations/__init__.py": "made of our own texts when it is loaded",
}
# These modules look at a limited number of letters, whatever comes.
BOUNDED = {"powerbank.api.translations": translations.LONGEST}


def modules() -> Iterator[Any]:
    for package in (powerbank, jobs):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield importlib.import_module(found.name)


def patterns_in(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, validate.Regexp):
        yield value.regex
    elif isinstance(value, validate.And):
        yield from patterns_in(value.validators, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset) and depth < 3:
        for each in value:
            yield from patterns_in(each, depth + 1)
    elif isinstance(value, dict) and depth < 3:
        yield from patterns_in(list(value.values()), depth + 1)
    elif isinstance(value, ma.fields.Field):
        yield from patterns_in(value.validators, depth)
        for name in ("inner", "key_field", "value_field"):
            yield from patterns_in(getattr(value, name, None), depth)


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted([*ROOT.glob("powerbank/**/*.py"), *ROOT.glob("jobs/**/*.py")]):
        yield str(path.relative_to(ROOT)), path.read_text()


def written_in_place() -> Iterator[tuple[str, ast.Call]]:
    """List calls such as `re.sub(…)`, wherever they stand."""
    for name, source in sources():
        for node in ast.walk(ast.parse(source)) if "re." in source else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re."):
                yield f"{name}:{node.lineno}", node


def schemas(of: type[ma.Schema] = ma.Schema) -> Iterator[type[ma.Schema]]:
    for each in of.__subclasses__():
        yield each
        yield from schemas(each)


def collected() -> dict[str, tuple[re.Pattern[Any], set[str], int]]:
    """Collect each pattern once, with the ways in which it is used, and about how many letters it takes."""
    found: dict[str, tuple[re.Pattern[Any], set[str], int]] = {}

    def note(pattern: re.Pattern[Any], ways: set[str], letters: int = LETTERS) -> None:
        found.setdefault(f"{pattern.pattern!r}", (pattern, set(), letters))[1].update(ways)

    ways_of = defaultdict(set)
    for _, source in sources():
        for name, way in re.findall(r"\b(\w+)\.(\w+)\(", source):
            ways_of[name].add(way)
    for module in modules():
        for name, value in vars(module).items():
            for pattern in patterns_in(value):
                plain = isinstance(value, re.Pattern)
                ways = ways_of[name] & WAYS if plain else set()
                ways = ways or {"match"} | ({"sub"} if not isinstance(value, validate.Validator) else set())
                note(pattern, ways, BOUNDED.get(module.__name__, LETTERS))
    for schema in schemas():
        for field in schema._declared_fields.values():
            for pattern in patterns_in(field):
                note(pattern, {"match"})
    for _, call in written_in_place():
        way = ast.unparse(call.func).removeprefix("re.")
        if way in WAYS and isinstance(call.args[0], ast.Constant):
            note(re.compile(call.args[0].value), {way})
    return found


WAYS = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}
PATTERNS = collected()


def hostile(letters: int = LETTERS) -> Iterator[str]:
    for unit in UNITS:
        for end in ENDS:
            yield unit * (letters // len(unit)) + end


def test_there_is_none_that_this_cannot_see() -> None:
    """A pattern that is put together while a request is answered could be anything."""
    unseen = {
        place: ast.unparse(call)
        for place, call in written_in_place()
        if ast.unparse(call.func).removeprefix("re.") in {*WAYS, "compile"}
        and not isinstance(call.args[0], ast.Constant)
        and call.col_offset > 0
        and place.partition(":")[0] not in OF_OURS
        and not _at_module_level(place, call)
    }
    assert unseen == {}
    assert len(PATTERNS) > 50


def _at_module_level(place: str, call: ast.Call) -> bool:
    tree = ast.parse((ROOT / place.partition(":")[0]).read_text())
    outside = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    return any(node.lineno <= call.lineno <= (node.end_lineno or 0) for node in outside)


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_answers_hostile_text_at_once(name: str) -> None:
    pattern, ways, letters = PATTERNS[name]
    for way in sorted(ways):
        for written in hostile(letters):
            asked = written.encode() if isinstance(pattern.pattern, bytes) else written
            began = time.perf_counter()
            if way == "sub":
                pattern.sub(asked[:0], asked)
            elif way == "finditer":
                list(pattern.finditer(asked))
            else:
                getattr(pattern, way)(asked)
            took = time.perf_counter() - began
            assert took < PATIENCE, f"{way} took {took:.1f} s for {written[:6]!r}… {written[-1:]!r}"


FUNCTIONS: dict[str, Callable[[str], Any]] = {
    "logs.redact_text": logs.redact_text,
    "identifiers.parse": identifiers.parse_contact_address,
    "words.question": search_terms.make_query,
    "translated": lambda written: translations.translate(written, "ne"),
    "version_key": parse_version,
    "callbacks": lambda written: addresses.parse_target(f"https://{written}", ["*"]),
    "numbers.parse": citizenship_numbers.parse_citizenship_number,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_parsers_answer_hostile_text_at_once(function: Callable[[str], Any]) -> None:
    for written in hostile():
        began = time.perf_counter()
        with contextlib.suppress(AppError, CallbackRefusedError, ValueError):
            function(written)
        took = time.perf_counter() - began
        assert took < PATIENCE, f"took {took:.1f} s for {written[:6]!r}… {written[-1:]!r}"


def test_patterns_of_the_database_are_linear_too(context: Flask) -> None:
    patterns = {
        found
        for table in db.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
        for found in re.findall(r"~ '([^']+)'", str(constraint.sqltext))
    }
    assert patterns
    for pattern in sorted(patterns):
        for unit in ("a", "A", "0", "a.", "a-"):
            began = time.perf_counter()
            asked = {"unit": unit, "count": LETTERS // len(unit), "pattern": pattern}
            db.session.execute(text("SELECT repeat(:unit, :count) ~ :pattern"), asked)
            assert time.perf_counter() - began < PATIENCE, pattern
