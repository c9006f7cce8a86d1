"""The examples that the guides show: all languages say the same, and they speak of routes that there are."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from powerbank.guides.examples import LANGUAGES
from powerbank.guides.library import FOLDER, list_guides

SUFFIXES = [language.suffix for language in LANGUAGES]
EXAMPLES = sorted((FOLDER / "examples").rglob("*.*"))
STEPS = sorted({path.with_suffix("") for path in EXAMPLES if path.parent.name != "examples"})
# A shell has no need of these steps, or cannot do them.
WITHOUT_CURL = {"open-the-page", "post-the-form", "refresh-when-needed"}


def routes_in(path: Path) -> set[str]:
    """Find the routes that an example names, with `{}` for what is filled in."""
    found = re.findall(r"/api/[^\s\"'`?]*", path.read_text())
    filled = r"\$\{\w+\}|\$\w+|\\\(\w+\)"
    return {re.sub(filled, "{}", route).removesuffix("\\") for route in found}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.parent.name}/{step.name}")
def test_a_step_is_there_in_every_language_and_asks_the_same_routes(step: Path) -> None:
    there = [step.with_suffix(suffix) for suffix in SUFFIXES if step.with_suffix(suffix).exists()]
    missing = {".sh"} if step.name in WITHOUT_CURL else set()
    assert {path.suffix for path in there} == set(SUFFIXES) - missing
    if step.name != "retry":  # in a program it takes any route
        assert len({frozenset(routes_in(path)) for path in there}) == 1


def test_every_route_of_an_example_and_of_a_guide_is_in_the_document(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    known = {re.sub(r"\{\w+\}", "{}", path) for path in paths}
    for path in EXAMPLES:
        assert routes_in(path) <= known, path
    for guide in list_guides():
        for method, route in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s?`]+)", guide.source.read_text()):
            assert method.lower() in paths[route], route


def test_every_example_is_shown() -> None:
    shown = {
        FOLDER / path
        for guide in list_guides()
        for path in re.findall(r"\]\((examples/\S+)\)", guide.source.read_text())
    }
    assert shown == set(EXAMPLES)


def test_what_a_shell_has_no_need_of_is_named_and_there() -> None:
    assert {step.name for step in STEPS} >= WITHOUT_CURL
