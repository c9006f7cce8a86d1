"""Money: whole paisa (cents, points) inside, `"150.00"` outside. This module alone turns one into the other."""

import re

NPR = "NPR"
PTS = "PTS"  # points are a currency of their own, without decimals

MOST = 10**13  # NPR 100 billion: more than this in one amount is a mistake

# ASCII digits only: Devanagari and fullwidth digits look right and are refused.
PATTERN = r"^[0-9]{1,11}(\.[0-9]{1,2})?$"
SIGNED_PATTERN = r"^-?[0-9]{1,11}(\.[0-9]{1,2})?$"
_WRITTEN = re.compile(r"(-?)([0-9]{1,11})(?:\.([0-9]{1,2}))?")


def parse_amount(text: str) -> int:
    """Read paisa from `"150"`, `"150.5"` or `"-150.50"`. An exponent, comma, blank or plus is a ValueError."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("not an amount of money")
    sign, whole, fraction = found[1], found[2], found[3] or ""
    amount = int(whole) * 100 + int(fraction.ljust(2, "0"))
    return -amount if sign else amount


def format_amount(amount: int) -> str:
    """Write paisa as `"150.00"`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def format_in_currency(amount: int, currency: str) -> str:
    """Write an amount as people write it in that currency: points have no decimals."""
    return str(amount) if currency == PTS else format_amount(amount)


def value_of_points(points: int, points_per_npr: int) -> int:
    """Give the paisa that so many points are worth, rounded down."""
    return points * 100 // points_per_npr


def points_for(amount: int, points_per_npr: int) -> int:
    """Give the points that an amount costs, rounded up."""
    return -(-amount * points_per_npr // 100)
