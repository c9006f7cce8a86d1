"""Tell the revisions of this line of migrations from those of the first line, which ended before version 0.9.0."""

import re

MADE_BEFORE_THIS_LINE = "made before version 0.9.0"

# A revision of this line is a number and a name, `0001_outbox`. The first line had numbers, `0033d`, and one name.
_FIRST_LINE = re.compile(r"\d{4}[a-f]?|0010_commands")


def is_of_first_line(revision: str) -> bool:
    """Say whether a database at this revision was made by the first line, and so is not ahead of this code."""
    return _FIRST_LINE.fullmatch(revision) is not None
