"""The crew works on: each member at their hours, through the public API, and somebody who orders what evens out."""

import json
import os
import random
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import func, select

from powerbank.base.clock import HOME
from powerbank.base.db import db, open_session, transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.crew.shifts.queries import find_open_shift
from powerbank.crew.tasks import services
from powerbank.crew.tasks.models import Task
from powerbank.crew.tasks.states import ABOUT_BANKS, UNDONE
from powerbank.stations.warehouses import queries as warehouses
from scripts.demo import steps
from scripts.demo.cabinets import IN_TROUBLE, Cabinet, find_cabinets
from scripts.demo.crew.members import BY, CREW, Hired
from scripts.demo.people import sandbox_url
from scripts.simulation import Simulator
from scripts.simulation.crew import Habits, Hands, Phone, Worker

ORDER_EVERY = 120.0  # seconds
FEWEST_LEFT = 3  # power banks that stay where others are taken
MOST_BANKS = 3


@contextmanager
def at_work(app: Flask, simulator: Simulator, ended: threading.Event, *, data: Path) -> Iterator[None]:
    """Let the members work while the block runs, which ends after the event. Each has a thread that mostly sleeps."""
    with app.app_context():
        with transaction():
            described = [(hired, str(hired.depot.row.id)) for hired in CREW if hired.find() is not None]
        sandbox = sandbox_url()
        db.session.remove()
    hands = Hands(simulator, partial(read_shelf, app))
    read = partial(read_sms, sandbox)
    site = f"http://127.0.0.1:{os.environ['PORT']}"
    threads = [
        threading.Thread(
            target=Worker(
                Phone(site, hired.phone, read, keep_in=data / f"crew-{warehouse_id}-{hired.number}"),
                hands,
                Habits(begins=hired.begins, ends=hired.ends, home=hired.depot.at, zone=HOME),
                warehouse_id=warehouse_id,
                ended=ended,
                seed=hired.phone,
            ).run,
            name=f"crew {hired.first_name}",
            daemon=True,
        )
        for hired, warehouse_id in described
    ]
    threads.append(threading.Thread(target=keep_ordering, args=(app, ended), name="orders", daemon=True))
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join(timeout=5)


def read_sms(sandbox: str, number: str) -> list[str]:
    """Read the texts that were sent to a number, newest first."""
    query = urllib.parse.urlencode({"channel": "sms", "to": number})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{sandbox}/api/messages?{query}", timeout=10) as answer:
        return [item["body"] for item in json.load(answer)["items"]]


def read_shelf(app: Flask, warehouse_id: str | None) -> list[str]:
    """See what lies on a shelf. Who stands there sees it; the service counts it."""
    with app.app_context():
        house = warehouses.find_main() if warehouse_id is None else warehouses.find_warehouse(UUID(warehouse_id))
        if house is None:
            return []
        items = warehouses.list_stock(house, limit=50, cursor=None)["items"]
        db.session.remove()
        return [item["serial"] for item in items if item["quarantine_reason"] is None]


def keep_ordering(app: Flask, ended: threading.Event) -> None:
    """Order work in each town whose members have none. Nobody rents here but who looks at the demonstration."""
    dice = random.Random()  # noqa: S311 (nothing here is secret)
    while not ended.wait(ORDER_EVERY):
        with app.app_context():
            for hired in CREW:
                with transaction():
                    order_if_idle(hired, dice)
            db.session.remove()


def order_if_idle(hired: Hired, dice: random.Random) -> None:
    """Order that power banks go from one station of a member's town to another, if nothing is to be done there."""
    member_id, now = hired.find(), utcnow()
    if member_id is None or find_open_shift(member_id) is None:
        return
    cabinets = [each for each in find_cabinets() if each.city == hired.depot.city and each.sn != IN_TROUBLE]
    ids = [each.id for each in cabinets]
    undone = select(func.count()).where(Task.station_id.in_(ids), Task.kind.in_(ABOUT_BANKS), Task.status.in_(UNDONE))
    if open_session().scalar(undone):
        return
    banks = {each.sn: sum(held is not None for held in each.slots.values()) for each in cabinets}
    source = max(cabinets, key=lambda each: (banks[each.sn], dice.random()))
    others = [each for each in cabinets if each.sn != source.sn and each.free_slots > 1]
    wanted = min(MOST_BANKS, banks[source.sn] - FEWEST_LEFT)
    if not others or wanted < 1:
        return
    target = dice.choice(others)
    wanted = min(wanted, target.free_slots - 1)
    for cabinet, kind, wants in ((source, "full", {"take": wanted}), (target, "empty", {"bring": wanted})):
        try:
            steps.try_out(partial(_order, cabinet, kind, wants, now))
        except AppError:  # staff have ordered it already
            continue


def _order(cabinet: Cabinet, kind: str, wants: dict[str, int], now: datetime) -> None:
    services.make_task(cabinet.sn, kind=kind, wants=wants, note=None, by=BY, now=now)
