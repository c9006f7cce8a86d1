"""Powerbank: the backend of shared power-bank networks."""

import gc

# Loading makes some million objects that all stay, and a batch or a large answer makes thousands that live until its
# end. Looking through them after each 700, as Python does by itself, is a third of each start.
gc.set_threshold(100_000, 20, 100)

from flask import Flask  # noqa: E402

import config  # noqa: E402


def create_app(settings: config.Settings | None = None, *, rules: bool = True, routes: bool = True) -> Flask:
    """Without `routes` for a program that nobody sends requests to, and without `rules` for one that only reads and
    writes rows and messages: they start in two thirds and in half of the time."""
    from powerbank import startup
    from powerbank.api.application import Application

    parts = [*startup.BASE, *(startup.RULES if rules else ())]
    if rules and routes:
        from powerbank import serving

        parts += serving.ROUTES
    app = Application(__name__)
    app.config["SETTINGS"] = settings or config.load()
    for initialise in parts:
        initialise(app)
    return app
