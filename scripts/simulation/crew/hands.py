"""What hands do at simulated stations and at the shelf of a warehouse. Each bank is in one place, as in the world."""

from collections.abc import Callable, Sequence

from scripts.simulation.cabinet import Bank, Impossible
from scripts.simulation.simulator import Simulator

CHARGED = 30.0  # percent: what somebody may rent


class Hands:
    """For the crew of one simulator. `read_shelf` tells what lies in the warehouse with this identifier."""

    def __init__(self, simulator: Simulator, read_shelf: Callable[[str | None], Sequence[str]]) -> None:
        self._simulator = simulator
        self._read_shelf = read_shelf
        self._imeis = {spec.sn: spec.imei for spec in simulator.specs}

    def knows(self, sn: str) -> bool:
        return sn in self._imeis

    def look(self, sn: str) -> dict[int, tuple[str, float]]:
        """Look at a station: the serial and the charge of the power bank in each slot that has one."""
        return self._simulator.call(self._look, self._imeis[sn])

    def charges(self, serials: Sequence[str]) -> dict[str, float]:
        """Press the button of each of these power banks in hand, which shows its charge."""
        return self._simulator.call(self._charges, list(serials))

    def put(self, sn: str, serial: str) -> bool:
        """Put a power bank into any free slot. False: there is none."""
        try:
            self._simulator.move(serial, self._imeis[sn])
        except Impossible:
            return False
        return True

    def find_out_of_slots(self, serials: Sequence[str]) -> list[str]:
        """Tell which of these power banks are in no slot of any station."""
        inside = self._simulator.call(self._list_inside)
        return [serial for serial in serials if serial not in inside]

    def take_from_shelf(self, warehouse_id: str | None, most: int) -> list[str]:
        """Look for power banks on the shelf. They have been charged there."""
        return list(self._read_shelf(warehouse_id))[:most]

    def hold(self, serials: Sequence[str]) -> None:
        """Have power banks in hand that came from a shelf, or that were there before the program was started again."""
        for serial in self.find_out_of_slots(serials):
            self._simulator.call(self._hold, serial)

    def lay_down(self, serials: Sequence[str]) -> None:
        """Lay power banks on a shelf."""
        for serial in serials:
            self._simulator.call(self._simulator.hands.pop, serial, None)

    # What follows runs in the simulator's thread.

    def _look(self, imei: str) -> dict[int, tuple[str, float]]:
        station = self._simulator.stations[imei]
        station.rest()
        slots = station.cabinet.slots.values()
        return {slot.number: (slot.bank.serial, slot.bank.charge) for slot in slots if slot.bank and slot.works == "ok"}

    def _charges(self, serials: list[str]) -> dict[str, float]:
        return {serial: bank.charge for serial in serials if (bank := self._simulator.hands.get(serial))}

    def _list_inside(self) -> set[str]:
        stations = self._simulator.stations.values()
        return {slot.bank.serial for each in stations for slot in each.cabinet.slots.values() if slot.bank}

    def _hold(self, serial: str) -> None:
        self._simulator.hands.setdefault(serial, Bank(serial))
