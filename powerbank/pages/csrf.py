"""Keep other sites from sending our forms: each carries a token that stands in the cookie of its browser."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

HOURS = 8  # for which an open page can be sent; no session of the console lasts longer

protection = CSRFProtect()


def init_app(app: Flask) -> None:
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the API has no cookies; the guards of pages ask for the token
    app.config["WTF_CSRF_TIME_LIMIT"] = HOURS * 3600
    protection.init_app(app)
