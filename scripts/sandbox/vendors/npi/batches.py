"""What NPI keeps of batches, and how their instructions go on."""

import threading
from dataclasses import dataclass
from typing import Any

# The states of a credit, each told once, and the last one for ever.
COURSES = {
    "credit_rejected": ["RJCT"],
    "under_way_then_paid": ["ACSP", "ACSC"],
    "under_way_then_rejected": ["ACSP", "RJCT"],
    "stays_under_way": ["ACSP"],
    "paid_then_rejected": ["ACSC", "RJCT"],
    # In real time a credit may have the code of the bank that it goes to instead.
    "paid_by_code": ["000"],
    "deferred_then_paid_by_code": ["DEFER", "000"],
    "timeout_by_code_then_paid": ["999", "000"],
    "refused_by_code": ["1004"],
}
OF_BANKS = frozenset({"1004"})  # what a bank refuses goes back to the debtor


@dataclass
class Instruction:
    number: int
    batch_id: str
    instruction_id: str
    amount: str
    account: str
    deferred: bool
    states: list[str]

    def say(self) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {
            "id": self.number,
            "batchId": self.batch_id,
            "instructionId": self.instruction_id,
            "amount": self.amount,
            "creditorAccount": self.account,
            "debitStatus": "000",
            "creditStatus": state,
            **({"reversalStatus": "000"} if state in OF_BANKS else {}),
        }


class Batches:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, Instruction] = {}

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def add(
        self, batch: dict[str, Any], line: dict[str, Any], *, deferred: bool, course: list[str]
    ) -> Instruction | None:
        """Keep an instruction. None: its batch or itself was posted before."""
        with self._lock:
            batch_id, instruction_id = str(batch["batchId"]), str(line["instructionId"])
            if any(batch_id == each.batch_id or instruction_id == each.instruction_id for each in self._kept.values()):
                return None
            number = len(self._kept) + 1
            account = str(line["creditorAccount"])
            kept = Instruction(number, batch_id, instruction_id, str(line["amount"]), account, deferred, list(course))
            self._kept[instruction_id] = kept
            return kept

    def find(self, **wanted: Any) -> list[Instruction]:
        with self._lock:
            return [
                each
                for each in self._kept.values()
                if all(getattr(each, name) == value for name, value in wanted.items())
            ]
