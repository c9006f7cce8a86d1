"""Say what the holders of power banks are called: warehouses, and whom later domains know."""

from collections.abc import Callable, Collection

from powerbank.stations.warehouses import queries as warehouses

NameHolders = Callable[[Collection[str]], dict[str, str]]

_others: list[NameHolders] = []


def register_holder_names(*others: NameHolders) -> None:
    """Say who knows the names of holders that are no warehouses."""
    _others[:] = others


def name_holders(holders: Collection[str | None]) -> dict[str, str]:
    """Find the names of these holders. What staff have written by hand has no other name."""
    wanted = {holder for holder in holders if holder is not None}
    found: dict[str, str] = {}
    if wanted:
        for name in (warehouses.name_holders, *_others):
            found |= name(wanted)
    return found
