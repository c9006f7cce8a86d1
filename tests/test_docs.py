"""What the documentation says of the code is true."""

import re
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").glob("*.md")]


def test_the_tables_made_from_the_code_are_up_to_date(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["docs", "write", "--check"])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    for target in re.findall(
        r"`((?:powerbank|jobs|scripts|tests|migrations|deploy|docs)/[\w./]+\.\w+)`", page.read_text()
    ):
        assert (ROOT / target).exists(), target


JOURNEYS = sorted((ROOT / "docs" / "journeys").glob("*.md"))


@pytest.mark.parametrize("page", JOURNEYS, ids=lambda page: page.name)
def test_functions_that_a_journey_names_are_in_their_file(page: Path) -> None:
    for target, function in re.findall(r"`([\w./]+\.py)`\s+\(`(\w+)`\)", page.read_text()):
        assert re.search(rf"def {function}\b", (ROOT / target).read_text()), f"{target}: {function}"
