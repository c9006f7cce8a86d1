"""Leaderboard, badges and achievements: what people did, counted once and shown beside what others did."""

from flask import Flask


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.social import admin_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
