from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.auth import register_staff_loader, register_user_loader
    from powerbank.api.openapi import api
    from powerbank.auth import commands, people_routes, routes, services, sessions

    register_staff_loader(app, services.active_staff)
    register_user_loader(app, sessions.user_of)
    api.register_blueprint(people_routes.blueprint)
    api.register_blueprint(routes.blueprint)
    app.cli.add_command(commands.staff)
