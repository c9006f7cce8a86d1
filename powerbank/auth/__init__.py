from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.auth import register_staff_loader
    from powerbank.api.openapi import api
    from powerbank.auth import commands, routes, services

    register_staff_loader(app, services.active_staff)
    api.register_blueprint(routes.blueprint)
    app.cli.add_command(commands.staff)
