"""What a member does at a station and at a warehouse: open slots, put power banks in, clean and take a photo."""

import io
import random
import threading
import time
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from scripts.simulation.crew.habits import Habits
from scripts.simulation.crew.hands import CHARGED, Hands
from scripts.simulation.crew.phone import Phone, Refused
from scripts.simulation.crew.places import Point

ABOUT_BANKS = ("empty", "full", "low_charge", "bank_fault")
BY_HAND = ("clean", "audit", "install")
UNDER_WAY = ("waiting", "ejecting")
NOTES = {
    "clean": "Wiped and dried. The screen is clear again.",
    "audit": "Looked at all of it. The screen has a scratch, and it works.",
    "install": "It stands, and it is online.",
}


def is_possible(task: Mapping[str, Any], hands: Hands) -> bool:
    """Tell whether these hands can do a task: repairs of what is broken inside they leave to others."""
    return hands.knows(task["station_sn"]) and task["kind"] in (*ABOUT_BANKS, *BY_HAND)


class Work:
    def __init__(
        self, phone: Phone, hands: Hands, habits: Habits, *, ended: threading.Event, dice: random.Random
    ) -> None:
        self._phone, self._hands, self._habits = phone, hands, habits
        self._ended, self._dice = ended, dice

    def on_banks(self, task: Mapping[str, Any]) -> bool:
        """Take out and put in what a task wants, and wait until the station has said so. True: the task is over."""
        sn, wants = task["station_sn"], task["wants"]
        take = max(wants.get("take", 0), len(task["serials"])) - task["taken"]
        moved = task["taken"] + task["brought"]
        if take > 0:
            moved += self._open_slots(sn, self._choose(task, take))
        held = self._phone.get("/api/crew/me")["banks_in_hand"]
        for serial in self._choose_charged(held, wants.get("bring", 0) - task["brought"]):
            if self._ended.wait(self._habits.handling) or not self._hands.put(sn, serial):
                break
            moved += 1
        return moved > 0 and self._wait_until_over(task["id"])

    def by_hand(self, task: Mapping[str, Any], at: Point) -> bool:
        """Do what no station can tell, and prove it by a scan, a photo, and the place."""
        if self._ended.wait(self._habits.chore):
            return False
        proof = {"lat": at.lat, "lng": at.lng, "note": NOTES[task["kind"]], "scanned": [task["station_sn"]]}
        try:
            self._phone.post(
                f"/api/crew/tasks/{task['id']}/complete", proof, photo=take_photo(self._dice, task["station"]["name"])
            )
        except Refused:
            return False
        return True

    def at_warehouse(self, visit: Mapping[str, Any], held: list[str]) -> bool:
        """Hand in what the route leaves here, the least charged first, and take along what it loads.

        False: nothing has moved, since the shelf is empty.
        """
        moved = 0
        if visit["unload"] and held:
            charges = self._hands.charges(held)
            least = sorted(held, key=lambda serial: charges.get(serial, 0.0))
            self.hand_in(least[: visit["unload"]], visit["warehouse_id"])
            moved += 1
        for serial in self._hands.take_from_shelf(visit["warehouse_id"], visit["load"]):
            try:
                self._phone.post("/api/crew/banks/take", {"serials": [serial], "warehouse_id": visit["warehouse_id"]})
            except Refused:  # somebody else has just taken it
                continue
            self._hands.hold([serial])
            moved += 1
        return moved > 0

    def hand_in(self, serials: list[str], warehouse_id: str | None) -> None:
        """Lay power banks on the shelf and say so."""
        where = {"place": "warehouse"} | ({"warehouse_id": warehouse_id} if warehouse_id else {})
        self._phone.post("/api/crew/banks/drop", {"serials": serials, **where})
        self._hands.lay_down(serials)

    def _choose(self, task: Mapping[str, Any], most: int) -> list[str]:
        """Choose what to take out: what the task names; of a full station what is charged, of use elsewhere."""
        inside = dict(self._hands.look(task["station_sn"]).values())
        if named := [serial for serial in task["serials"] if serial in inside]:
            return named
        by_charge = sorted(inside, key=lambda serial: inside[serial], reverse=task["kind"] == "full")
        return by_charge[:most]

    def _choose_charged(self, held: list[str], most: int) -> list[str]:
        charges = self._hands.charges(held)
        charged = [serial for serial in held if charges.get(serial, 0.0) >= CHARGED]
        return sorted(charged, key=lambda serial: -charges[serial])[: max(most, 0)]

    def _open_slots(self, sn: str, serials: list[str]) -> int:
        """Have slots opened, and count what comes out. What came without the station's word is put back."""
        if not serials:
            return 0
        try:
            opened = self._phone.post(f"/api/crew/stations/{sn}/open-slots", {"serials": serials})["items"]
        except Refused:
            return 0
        own = {each["id"] for each in opened}
        until = time.monotonic() + self._habits.patience
        while time.monotonic() < until and not self._ended.wait(self._habits.handling):
            openings = [each for each in self._phone.get("/api/crew/openings")["items"] if each["id"] in own]
            if not any(each["status"] in UNDER_WAY for each in openings):
                break
        held = self._phone.get("/api/crew/me")["banks_in_hand"]
        for serial in self._hands.find_out_of_slots([each for each in serials if each not in held]):
            self._hands.put(sn, serial)
        return len(set(serials).intersection(held))

    def _wait_until_over(self, task_id: str) -> bool:
        """Wait until a task is done or not needed any more, which the station's own words decide."""
        until = time.monotonic() + self._habits.patience
        while time.monotonic() < until:
            task = self._phone.get(f"/api/crew/tasks/{task_id}")
            if task["status"] not in ("claimed", "begun"):
                return True
            if self._ended.wait(self._habits.handling):
                return False
        return False


def take_photo(dice: random.Random, name: str) -> bytes:
    """Draw what a phone might see: a cabinet at a wall. No two are alike, as with photos."""
    shades = Image.effect_noise((12, 9), 60).resize((960, 720), Image.Resampling.BICUBIC)
    picture = ImageOps.colorize(shades, "#6f6a60", "#d8d2c6")
    pen = ImageDraw.Draw(picture)
    left, top, hue = dice.randint(120, 420), dice.randint(40, 160), dice.randint(0, 359)
    pen.rounded_rectangle((left, top, left + 360, top + 500), 24, fill=f"hsl({hue}, 30%, 78%)", outline="#333", width=5)
    for slot in range(8):
        x, y = left + 40 + slot % 2 * 150, top + 130 + slot // 2 * 85
        fill = "#2a6f4e" if dice.random() < 0.6 else "#444444"
        pen.rounded_rectangle((x, y, x + 130, y + 60), 10, fill=fill)
    pen.rectangle((left + 40, top + 30, left + 320, top + 100), fill="#f4f4f0")
    pen.text((left + 52, top + 48), name.encode("ascii", "ignore").decode(), fill="#222222", font_size=26)
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=80)
    return written.getvalue()
