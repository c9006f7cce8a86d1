"""Search terms: a search finds a station by the beginnings of the terms in its name, address, city and number."""

import re

from powerbank.stations.models import Station

# Blanks and ASCII punctuation. The letters of scripts are not listed, so that those of every script count as letters.
_BETWEEN = re.compile(r"[\s!-/:-@\[-`{-~]+")
LONGEST = 100


def split_terms(*texts: str) -> list[str]:
    """Split texts into terms, sorted and each of them once."""
    return sorted({term[:LONGEST] for text in texts for term in _BETWEEN.split(text.lower()) if term})


def make_vector(station: Station) -> str:
    """Make what a station is found by, in the form in which PostgreSQL reads a `tsvector`."""
    return make_vector_of_texts(station.name, station.address, station.city, station.sn)


def make_vector_of_texts(*texts: str) -> str:
    return " ".join(map(_quote, split_terms(*texts)))


def make_query(text: str) -> str | None:
    """Make a query that wants every term as a beginning, in the form in which PostgreSQL reads a `tsquery`."""
    return " & ".join(f"{_quote(term)}:*" for term in split_terms(text)) or None


def _quote(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"
