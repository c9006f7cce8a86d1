"""What others have written is here as its list says, and nothing else is."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIST = ROOT / "powerbank/static/vendor/README.md"
LINES = re.findall(r"^\| `([^`]+)` \| \S+ \| \S+ \| `[^`]+` \| \S+ \| `(\w+)` \|$", LIST.read_text(), re.MULTILINE)


@pytest.mark.parametrize(("name", "digest"), LINES, ids=[name for name, _ in LINES])
def test_a_vendored_file_is_the_one_of_the_list(name: str, digest: str) -> None:
    assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest


def test_every_vendored_file_stands_in_the_list_and_has_its_licence() -> None:
    there = {
        str(path.relative_to(ROOT))
        for folder in (LIST.parent, ROOT / "powerbank/papers/fonts", ROOT / "tests/browser/vendor")
        for path in folder.iterdir()
        if path != LIST
    }
    assert there == {name for name, _ in LINES}
    assert {name.split(".")[0] for name in there} == {name.split(".")[0] for name in there if "LICENSE" in name}
