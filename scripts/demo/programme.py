"""The steps of the demonstration in their order, and the stations that go on living after them."""

import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from powerbank import create_app
from powerbank.analytics.buckets import folding
from powerbank.base.clock import local_day
from powerbank.base.db import db, transaction, utcnow
from powerbank.content import app_config
from powerbank.stations.registry import services
from scripts.demo import matters, past, people, steps
from scripts.demo.cabinets import IN_TROUBLE, SLOTS, find_cabinets, register_cabinets
from scripts.demo.crew import board, living, members
from scripts.demo.rentals import PARTS, PartOfDay, part_of
from scripts.sandbox.payments import Outcome
from scripts.simulation import Simulator
from scripts.simulation.specs import Credentials, StationSpec

DAYS = 14
PEOPLE_AT_ONCE = 12
IDENTITIES = 14
PAUSE = 1.5  # seconds between two steps, in which workers do what follows from one

Act = Callable[[], None]


def run(data: Path, ended: threading.Event) -> None:
    past.install()
    app = create_app()
    with app.app_context():
        if not may_begin():
            return
        begin = steps.find_begin()
        if not make(begin, ended):
            return
        specs, memory = describe_stations(data)
    with (
        Simulator(os.environ["STATIONS_MQTT_URL"], specs, keep_in=memory) as simulator,
        living.at_work(app, simulator, ended, data=data),
    ):
        ended.wait()


def may_begin() -> bool:
    """Say whether its people may rent: nobody has checked who they are."""
    with transaction():
        if not app_config.current().kyc_required:
            return True
    print("No demonstration, since this network requires identities: `--fresh` begins one that does not.", flush=True)
    return False


def make(begin: datetime, ended: threading.Event) -> bool:
    """Do all steps that are not done yet, one after the other. False: it was told to stop before the last."""
    began_at = time.monotonic()
    done = 0
    for name, act, has_own_transactions in list_steps(begin):
        do = _do_in_parts if has_own_transactions else steps.do_once
        done_now = do(name, act)
        done += done_now
        if done_now and ended.wait(PAUSE):
            return False
    if done:
        print(f"The demonstration is complete, after {time.monotonic() - began_at:.0f} s.", flush=True)
    return True


def list_steps(begin: datetime) -> Iterator[tuple[str, Act, bool]]:
    """List the steps: a name, what is done, and whether it has transactions of its own, as what asks a gateway has."""
    first = begin - timedelta(days=DAYS + 1)
    yield "stations", partial(_register, first), False
    yield "crew", partial(members.hire_crew, first), False
    for number in range(0, people.HOW_MANY, PEOPLE_AT_ONCE):
        numbers = range(number, number + PEOPLE_AT_ONCE)
        yield f"people {number}", partial(people.make_people, numbers, begin=begin, dice=_dice(number)), False
        yield f"top-ups {number}", partial(_top_up, numbers, begin), True
    for back in range(DAYS - 1, -1, -1):
        if not steps.is_done(f"day {back}"):  # version 0.9 played a day in one step
            for part in range(len(PARTS)):
                yield f"day {back}, part {part}", partial(_play_part, begin, back, part), False
    yield "figures", partial(_note_figures, begin), False
    yield "late top-ups", partial(_top_up_late, begin), True
    yield "cases", partial(matters.open_cases, begin, _dice(1)), False
    yield "refunds", partial(matters.ask_for_refunds, begin), False
    yield "adjustment", partial(matters.ask_for_adjustment, begin), False
    yield "trouble", partial(matters.put_a_station_in_trouble, begin), False
    yield "tasks of the crew", partial(board.fill_board, begin), False
    yield "shelves", partial(board.count_shelves, begin), False
    yield "crew in trouble", partial(board.go_on_with_trouble, begin), False
    for number in range(IDENTITIES):
        yield f"identity {number}", partial(matters.submit_identity, begin, number), False


def _register(now: datetime) -> None:
    with past.play(now):
        register_cabinets(now=now)


def _play_part(begin: datetime, back: int, part: int) -> None:
    """Play a part of a day. The last one that is played goes on to this hour."""
    day = local_day(begin) - timedelta(days=back)
    now = begin - timedelta(minutes=5)
    opens, closes = part_of(day, part)
    if part > 0 and now <= opens:
        return
    is_last = back == 0 and (part == len(PARTS) - 1 or now <= closes)
    until = now if is_last else None
    PartOfDay(day, part, people.find_people(), until=until, dice=_dice(back * len(PARTS) + part)).play()


def _note_figures(begin: datetime) -> None:
    """Have the figures of these days made again: what was played has times at which the fold has looked before."""
    folding.note_days(local_day(begin) - timedelta(days=DAYS + 1), local_day(begin))


def _do_in_parts(name: str, act: Act) -> bool:
    if steps.is_done(name):
        return False
    act()
    with steps.step(name):
        pass
    return True


def _top_up(numbers: range, begin: datetime) -> None:
    dice = _dice(numbers[0] + 7)
    with transaction():
        persons = people.find_people(numbers)
    for person in persons:
        if people.has_topped_up(person):  # a run before this one came so far
            continue
        joined = begin - timedelta(days=DAYS, hours=dice.randint(1, 30))
        people.top_up(person, dice.choice((200_00, 300_00, 500_00, 1_000_00)), now=joined)


def _top_up_late(begin: datetime) -> None:
    """Some of today and of last week, one of which the gateway says something strange, and two that nobody paid."""
    with transaction():
        persons = people.find_people(range(people.HOW_MANY))
    dice = _dice(3)
    for number, person in enumerate(persons[40:54]):
        at = begin - timedelta(days=7 * (number % 2), minutes=dice.randint(20, 180))
        people.top_up(person, dice.choice((100_00, 200_00, 500_00)), now=at)
    people.top_up(persons[60], 300_00, now=begin - timedelta(minutes=50), paid=250_00)
    for person in persons[61:63]:
        people.top_up(person, 200_00, now=begin - timedelta(minutes=70), outcome=Outcome.FAILED)


def describe_stations(data: Path) -> tuple[list[StationSpec], Path]:
    """Give the stations of the demonstration to the simulator, with their power banks where they are now. The one that
    is in trouble stays away."""
    specs, places = [], {}
    with transaction():
        cabinets = [each for each in find_cabinets() if each.sn != IN_TROUBLE]
        memory = data / f"demonstration-{cabinets[0].id}.json"
        for cabinet in cabinets:
            shown = services.rotate_credentials(cabinet.sn, now=utcnow())
            mqtt = Credentials(username=shown.username, password=shown.password)
            specs.append(StationSpec(sn=cabinet.sn, imei=cabinet.imei, slots=SLOTS, mqtt=mqtt))
            for number, held in cabinet.slots.items():
                if held:
                    places[held[0]] = (cabinet.imei, number, held[1])
    db.session.remove()
    if not memory.exists():  # from then on the simulator writes it
        boot_ids = {spec.imei: 1 for spec in specs}
        memory.write_text(json.dumps({"boot_ids": boot_ids, "places": places}))
    return specs, memory


def _dice(seed: int) -> random.Random:
    return random.Random(f"demonstration {seed}")  # noqa: S311 (nothing here is secret)
