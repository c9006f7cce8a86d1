"""What a search finds a station by: the beginnings of the words of its name, address, city and number."""

import re

from powerbank.stations.models import Station

# Blanks and ASCII punctuation. Letters of no script are listed, so that all of them are letters.
_BETWEEN = re.compile(r"[\s!-/:-@\[-`{-~]+")
LONGEST = 100


def split_terms(*texts: str) -> list[str]:
    found = {word[:LONGEST] for text in texts for word in _BETWEEN.split(text.lower()) if word}
    return sorted(found)


def make_vector(station: Station) -> str:
    """In the form in which PostgreSQL reads a `tsvector`."""
    return make_vector_of_texts(station.name, station.address, station.city, station.sn)


def make_vector_of_texts(*texts: str) -> str:
    return " ".join(map(_quoted, split_terms(*texts)))


def make_query(text: str) -> str | None:
    """In the form in which PostgreSQL reads a `tsquery`: every word, each as a beginning."""
    return " & ".join(f"{_quoted(word)}:*" for word in split_terms(text)) or None


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"
