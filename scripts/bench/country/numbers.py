"""How many there are of each thing, and the functions of the database by which a row follows from its number.

Nothing is drawn and nothing is looked up: who rents, which power bank and when are arithmetic with the number of the
rental. So the rows of each table are made without the others, in any order, and a part that was broken off is made
again as it would have been.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

SQL = Path(__file__).parent / "sql"
BANKS_OF_A_STATION = 6  # as `sql/functions.sql` has it
# The kinds of ids: each begins with its time, as those of the product do, and ends with kind and number.
KINDS = (
    *("user", "station", "bank", "rental", "wallet", "hold", "points", "dues", "partner", "agreement", "crew"),
    *("topup", "holding", "capture", "share", "due", "welcome", "payment", "purchase", "session", "notice", "command"),
    *("conversation", "message", "task", "shift", "row", "points_hold", "points_dues", "payable", "wage", "gift"),
)


@dataclass(frozen=True)
class Size:
    """A country. Scale 1 is a million people and ten million rentals in a year."""

    scale: float

    @property
    def people(self) -> int:
        return max(200, round(1_000_000 * self.scale))

    @property
    def rentals(self) -> int:
        return self.people * 10

    @property
    def stations(self) -> int:
        return self.people // 10

    @property
    def banks(self) -> int:
        return self.stations * BANKS_OF_A_STATION

    @property
    def reports(self) -> int:
        """What stations said and is still kept."""
        return self.people * 50

    @property
    def conversations(self) -> int:
        return self.people

    @property
    def partners(self) -> int:
        return max(2, self.stations // 10)

    @property
    def crew(self) -> int:
        return max(4, self.stations // 50)

    def functions(self, until: datetime) -> str:
        """Make the schema of the functions, for a country whose newest rental began at this moment."""
        constants = {
            "people": self.people,
            "rentals": self.rentals,
            "stations": self.stations,
            "banks": self.banks,
            "reports": self.reports,
            "conversations": self.conversations,
            "partners": self.partners,
            "crew": self.crew,
        }
        made = [f"CREATE OR REPLACE FUNCTION bench.{n}() {_NUMBER} SELECT {v}::bigint $$" for n, v in constants.items()]
        made.append(f"CREATE OR REPLACE FUNCTION bench.until() {_MOMENT} SELECT '{until.isoformat()}'::timestamptz $$")
        made += [
            f"CREATE OR REPLACE FUNCTION bench.{kind}_id(number bigint, at timestamptz) {_ID} SELECT {_make_id(n)} $$"
            for n, kind in enumerate(KINDS, start=1)
        ]
        return ";\n".join([*made, (SQL / "functions.sql").read_text()])


_NUMBER = "RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$"
_MOMENT = "RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$"
_ID = "RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$"


def _make_id(kind: int) -> str:
    moment = "lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')"
    return f"({moment} || '7{kind:03x}8000' || lpad(to_hex(number), 12, '0'))::uuid"
