"""Powerbank: the backend of shared power-bank networks."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

# Loading makes some million objects that all stay, and a batch or a large answer makes thousands that live until its
# end. Python's garbage collector looks through them after each 700, which is a third of each start.
gc.set_threshold(100_000, 20, 100)

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def freeze_loaded_objects() -> None:
    """Exempt everything that is loaded by now from the garbage collector, in a program that runs for weeks.

    The collector would go through all of it again and again: half a second in which a process answers nobody.
    """
    gc.freeze()


def create_app(settings: Settings | None = None, *, rules: bool = True, routes: bool = True) -> Flask:
    """Create the application, with as much of it as a program needs.

    A program that nobody sends requests to does without `routes`, and starts in two thirds of the time. A program that
    only reads and writes rows and messages does without `rules` too, and starts in half of the time.
    """
    import config  # here, because it imports a module of this package
    from powerbank import startup
    from powerbank.base.application import Application

    parts = [*startup.BASE]
    if rules:
        from powerbank import wiring

        parts += wiring.RULES
        if routes:
            from powerbank import serving

            parts += serving.ROUTES
    app = Application(__name__)
    app.config["SETTINGS"] = settings or config.load()
    for initialise in parts:
        initialise(app)
    return app
