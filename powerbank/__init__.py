"""Powerbank: the backend of shared power-bank networks."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

# Loading makes some million objects that all stay, and a batch or a large answer makes thousands that live until its
# end. Looking through them after each 700, as Python does by itself, is a third of each start.
gc.set_threshold(100_000, 20, 100)

if TYPE_CHECKING:
    from flask import Flask

    from config import Settings


def create_app(settings: Settings | None = None, *, rules: bool = True, routes: bool = True) -> Flask:
    """Without `routes` for a program that nobody sends requests to, and without `rules` for one that only reads and
    writes rows and messages: they start in two thirds and in half of the time."""
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
