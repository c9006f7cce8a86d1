"""Coupons and campaigns: what is given away, to whom, and within which budget."""

from flask import Flask


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.promotions import admin_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
