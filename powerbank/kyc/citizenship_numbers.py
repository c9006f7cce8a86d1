"""Citizenship numbers, as people write them and as they are compared."""

import re
import unicodedata
from dataclasses import dataclass

from powerbank.base.errors import InvalidFieldsError

# Offices write 27-01-70-12345, 1234/056 or with letters in front; all have digits and are not long.
_BARE = re.compile(r"(?=(?:[A-Z]*[0-9]){3})[0-9A-Z]{4,30}")
_SEPARATORS = {"Zs", "Pd", "Cf"}
MAXIMUM_LENGTH = 60


@dataclass(frozen=True)
class CitizenshipNumber:
    written: str  # what staff compare with the document
    bare: str  # what is compared with other people's numbers

    def __repr__(self) -> str:
        return "Number(…)"


class BadNumberError(InvalidFieldsError):
    def __init__(self) -> None:
        super().__init__({"citizenship_number": ["Give the number as it stands on the document."]})


def parse_citizenship_number(text: str) -> CitizenshipNumber:
    """Read a number as people write it, or refuse what cannot be one."""
    if len(text) > MAXIMUM_LENGTH:
        raise BadNumberError
    written = "".join(_to_latin_digit(sign) for sign in unicodedata.normalize("NFKC", text)).strip().upper()
    bare = "".join(sign for sign in written if sign not in "/.,_" and unicodedata.category(sign) not in _SEPARATORS)
    if not _BARE.fullmatch(bare):
        raise BadNumberError
    return CitizenshipNumber(written, bare)


def _to_latin_digit(sign: str) -> str:
    """Write a digit of any script, such as Devanagari, as the Latin one: it is the same number."""
    digit = unicodedata.decimal(sign, None)
    return sign if digit is None else str(digit)
