"""The examples of the guides: one file for each step and language, which is both shown here and run by the tests."""

from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from powerbank.guides.library import FOLDER


@dataclass(frozen=True)
class Language:
    name: str
    title: str
    suffix: str
    lexer: str


LANGUAGES = (
    Language("curl", "curl", ".sh", "bash"),
    Language("javascript", "JavaScript", ".mjs", "javascript"),
    Language("kotlin", "Kotlin", ".kt", "kotlin"),
    Language("swift", "Swift", ".swift", "swift"),
)
_OF_SUFFIX = {language.suffix: language for language in LANGUAGES}


@dataclass(frozen=True)
class Example:
    path: str
    language: Language
    code: str


@cache
def read_example(path: str) -> Example:
    """Read an example by its path in the folder of the guides."""
    return Example(path, _OF_SUFFIX[PurePosixPath(path).suffix], (FOLDER / path).read_text())
