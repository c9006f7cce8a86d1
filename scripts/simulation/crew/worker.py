"""A member of the crew through the day: shift, breaks, tasks, the way, and the work at each station.

Each look at the phone decides what is next from what the service says, so that a member who was stopped in between
goes on as somebody would who comes back to work.
"""

import random
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.simulation.crew.habits import Habits
from scripts.simulation.crew.hands import Hands
from scripts.simulation.crew.phone import Phone, Refused, Unanswered
from scripts.simulation.crew.places import Point, drive
from scripts.simulation.crew.work import BY_HAND, Work, is_possible

WAITING = timedelta(minutes=10)  # until a task is tried again that could not be done


class Worker:
    """One member. `run` works until it is told to stop; `look` is one look at the phone with what follows."""

    def __init__(
        self,
        phone: Phone,
        hands: Hands,
        habits: Habits,
        *,
        warehouse_id: str | None,
        ended: threading.Event,
        seed: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._phone, self._hands, self._habits = phone, hands, habits
        self._warehouse_id, self._ended, self._now = warehouse_id, ended, now
        self._dice = random.Random(f"crew {seed}")  # noqa: S311 (nothing here is secret)
        self._work = Work(phone, hands, habits, ended=ended, dice=self._dice)
        self._is_home = False
        self._rested_at: datetime | None = None
        self._later: dict[str, datetime] = {}
        self._in_vain: set[str] = set()  # warehouses that have nothing for this round
        self.at = habits.home

    def run(self) -> None:
        """Work until the program ends. Without an answer, wait longer and longer for the service to come back."""
        pause = self._habits.look
        while not self._ended.wait(pause * self._dice.uniform(0.8, 1.2)):
            try:
                self.look()
                pause = self._habits.look
            except Unanswered:
                pause = min(pause * 2, 120.0)
            except Refused as refused:
                print(f"The crew was refused: {refused.code}.", flush=True)
                pause = min(pause * 2, 120.0)

    def look(self) -> None:
        """Look at the phone, and do the next thing."""
        now = self._now()
        works = self._habits.is_working_time(now)
        if not works and self._is_home:
            return
        me = self._phone.get("/api/crew/me")
        self._hands.hold(me["banks_in_hand"])
        self._is_home = not works
        if not works:
            self._end_day(me)
        elif me["shift"] is None:
            self._phone.post("/api/crew/shift/start")
            self._rested_at = now
            self._tell_place()
        elif me["break"] is not None:
            self._end_break(me["break"], now)
        elif me["open_tasks"]:
            self._do_next_task(me)
        elif self._is_tired(me["shift"], now):
            self._phone.post("/api/crew/break/start")
        elif not self._claim(now) and me["banks_in_hand"]:
            self._hand_in(me["banks_in_hand"])

    # The day

    def _is_tired(self, shift: Mapping[str, Any], now: datetime) -> bool:
        if self._rested_at is None:
            self._rested_at = datetime.fromisoformat(shift["started_at"])
        return now - self._rested_at >= self._habits.break_after

    def _end_break(self, pause: Mapping[str, Any], now: datetime) -> None:
        if now - datetime.fromisoformat(pause["started_at"]) >= self._habits.break_lasts:
            self._phone.post("/api/crew/break/end")
            self._rested_at = now

    def _end_day(self, me: Mapping[str, Any]) -> None:
        """Give back what is not done, hand in what is in hand, and end the shift."""
        if me["shift"] is not None:
            for task in me["open_tasks"]:
                self._give_back(task["id"])
            if me["banks_in_hand"]:
                self._hand_in(me["banks_in_hand"])
            self._phone.post("/api/crew/shift/end")
        self._rested_at, self._later = None, {}

    # Tasks

    def _claim(self, now: datetime) -> bool:
        """Claim the tasks that are best from here, as many as make a round."""
        self._in_vain.clear()
        near = self._phone.get("/api/crew/tasks", lat=self.at.lat, lng=self.at.lng, limit=20)["items"]
        claimed = 0
        for task in near:
            is_later = self._later.get(task["id"], now) > now
            if claimed == self._habits.most_tasks or is_later or not is_possible(task, self._hands):
                continue
            try:
                self._phone.post(f"/api/crew/tasks/{task['id']}/claim")
                claimed += 1
            except Refused:  # somebody else was quicker
                continue
        return claimed > 0

    def _do_next_task(self, me: Mapping[str, Any]) -> None:
        """Go to the first place of the route, and do there what it says."""
        tasks = {task["id"]: task for task in me["open_tasks"]}
        route = self._phone.get("/api/crew/route", lat=self.at.lat, lng=self.at.lng)
        possible = (each for each in route["items"] if each["task_id"] in tasks or each["warehouse_id"])
        visit = next((each for each in possible if each["warehouse_id"] not in self._in_vain), None)
        if visit is None or not self._go(Point(visit["lat"], visit["lng"])):
            return
        if visit["kind"] == "warehouse":
            if not self._work.at_warehouse(visit, me["banks_in_hand"]):
                self._in_vain.add(visit["warehouse_id"])
            return
        task = tasks[visit["task_id"]]
        if task["status"] == "claimed":
            self._phone.post(f"/api/crew/tasks/{task['id']}/start", self._where)
        done = self._work.by_hand(task, self.at) if task["kind"] in BY_HAND else self._work.on_banks(task)
        if not done and not self._ended.is_set():
            self._give_back(task["id"])

    def _give_back(self, task_id: str) -> None:
        """Give a task back. One that the station has closed meanwhile is nobody's any more."""
        self._later[task_id] = self._now() + WAITING
        try:
            self._phone.post(f"/api/crew/tasks/{task_id}/release")
        except Refused:
            return

    def _hand_in(self, serials: list[str]) -> None:
        if self._go(self._habits.home):
            self._work.hand_in(serials, self._warehouse_id)

    # The way

    def _go(self, end: Point) -> bool:
        """Drive to a place, and tell where it goes on the way. False: the program ends."""
        way = drive(self.at, end, metres_a_second=self._habits.metres_a_second, every=self._habits.step)
        for place in way:
            if self._ended.wait(self._habits.step):
                return False
            self.at = place
            self._tell_place()
        return not self._ended.wait(self._habits.handling)

    @property
    def _where(self) -> dict[str, float]:
        return {"lat": round(self.at.lat, 6), "lng": round(self.at.lng, 6)}

    def _tell_place(self) -> None:
        try:
            self._phone.post("/api/crew/location", self._where | {"accuracy": 12})
        except Unanswered:
            return  # the next place comes soon
