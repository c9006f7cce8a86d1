"""Stations: where they are, what sits in them, and how they are spoken to."""

from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.stations import commands, firmware, photos
    from powerbank.users import leaving

    leaving.register_farewell(photos.forget)
    firmware.init_app(app)
    app.cli.add_command(commands.stations)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.stations import (
        admin_routes,
        bank_routes,
        command_routes,
        gbfs_routes,
        issue_routes,
        package_routes,
        page,
        report_routes,
        routes,
    )

    staffs = (admin_routes, command_routes, report_routes, bank_routes)
    for module in (routes, package_routes, issue_routes, *staffs, gbfs_routes):
        api.register_blueprint(module.blueprint)
    app.register_blueprint(page.blueprint)
