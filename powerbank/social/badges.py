"""What a person may call themselves: the first badge whose conditions hold."""

from typing import NamedTuple


class Badge(NamedTuple):
    name: str
    return_rate: int  # percent, at least
    rentals: int  # at least


BADGES = (Badge("gold", 95, 50), Badge("silver", 90, 20), Badge("bronze", 80, 10), Badge("member", 0, 0))


def return_rate(*, rentals: int, on_time: int) -> float:
    """Percent brought back in time; all of nothing was."""
    return 100.0 if rentals == 0 else round(100 * on_time / rentals, 1)


def badge(*, rentals: int, on_time: int) -> str:
    """Compared as whole numbers: 94.96 % is shown as 95.0, and is not 95."""
    return next(each.name for each in BADGES if rentals >= each.rentals and on_time * 100 >= each.return_rate * rentals)
