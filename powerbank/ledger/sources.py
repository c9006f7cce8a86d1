"""The sources that a price is paid from, and the lines of the entry that pays it."""

from dataclasses import dataclass
from uuid import UUID

from powerbank.ledger.accounts import Kind, network_account, user_account
from powerbank.ledger.services import Line


@dataclass(frozen=True)
class Sources:
    """Paisa from the wallet, and points with the paisa that they are worth."""

    wallet: int = 0
    points: int = 0
    points_value: int = 0

    def __post_init__(self) -> None:
        if min(self.wallet, self.points, self.points_value) < 0 or self.total == 0:
            raise ValueError(f"nothing is paid with {self}")
        if bool(self.points) != bool(self.points_value):
            raise ValueError(f"points without a worth, or the other way round: {self}")

    @property
    def total(self) -> int:
        return self.wallet + self.points_value

    def part(self, amount: int) -> "Sources | None":
        """Take a part, from each source its share.

        Points come whole, so the part may be smaller by less than the worth of one point, never larger. None: it would
        be nothing at all. The last part is all that is left.
        """
        if not 0 < amount <= self.total:
            raise ValueError(f"{amount} of {self.total}")
        points = self.points * amount // self.total
        beyond = amount - self._worth(points) - self.wallet
        if beyond > 0:  # rounded down, and the wallet did not pay enough to make up for it
            points = min(self.points, points - (-beyond * self.points // self.points_value))
            if self._worth(points) > amount:
                points -= 1
        value = self._worth(points)
        wallet = min(self.wallet, amount - value)
        return Sources(wallet, points if value else 0, value) if wallet + value else None

    def _worth(self, points: int) -> int:
        return self.points_value * points // self.points if self.points else 0


def payment_lines(user_id: UUID, sources: Sources, *, wallet: Kind, points: Kind, to: Line) -> list[Line]:
    """Make the lines that take `sources` from a person.

    The promotion budget pays what the points are worth, so that whoever shares in the revenue gets a share of it too.
    """
    return [
        Line(user_account(wallet, user_id), -sources.wallet),
        Line(user_account(points, user_id), -sources.points),
        Line(network_account(Kind.POINTS_LIABILITY), sources.points),
        Line(network_account(Kind.PROMOTION_EXPENSE), -sources.points_value),
        to,
    ]
