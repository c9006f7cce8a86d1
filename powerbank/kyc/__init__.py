from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.kyc import commands, services
    from powerbank.users import leaving, referrals

    leaving.register_farewell(services.say_farewell)
    referrals.register_rule(services.same_number)
    app.cli.add_command(commands.documents)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.kyc import admin_routes, document_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
    api.register_blueprint(document_routes.blueprint)
