"""What earns points, when they expire, and who gets them by hand. As money they are the ledger's."""

from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.ledger import refunds
    from powerbank.points import earnings, expiry, reversal
    from powerbank.users import joining, leaving

    joining.register_part(earnings.welcome)
    leaving.register_farewell(expiry.forfeit)
    refunds.register_reaction(reversal.expect)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.points import admin_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
