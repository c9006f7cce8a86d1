"""Powerbank: the backend of shared power-bank networks."""

from flask import Flask

import config


def create_app(settings: config.Settings | None = None) -> Flask:
    from powerbank import startup
    from powerbank.api.application import Application

    app = Application(__name__)
    app.config["SETTINGS"] = settings or config.load()
    for initialise in startup.INITIALISERS:
        initialise(app)
    return app
