from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.auth import cleanup, commands, directory
    from powerbank.notifications import staff
    from powerbank.users import leaving

    leaving.register_farewell(cleanup.forget)
    staff.register_directory(app, directory.members)
    app.cli.add_command(commands.staff)


def init_routes(app: Flask) -> None:
    from powerbank.api.auth import register_staff_loader, register_user_loader
    from powerbank.api.openapi import api
    from powerbank.auth import (
        account_routes,
        identifier_routes,
        people_routes,
        routes,
        sessions,
        staff_routes,
        staff_sessions,
    )

    register_staff_loader(app, staff_sessions.signed_in)
    register_user_loader(app, sessions.user_of)
    api.register_blueprint(people_routes.blueprint)
    api.register_blueprint(identifier_routes.blueprint)
    api.register_blueprint(routes.blueprint)
    api.register_blueprint(account_routes.blueprint)
    api.register_blueprint(staff_routes.blueprint)
