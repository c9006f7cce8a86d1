from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.kyc import admin_routes, commands, document_routes, routes, services
    from powerbank.users import leaving, referrals

    leaving.register_farewell(services.say_farewell)
    referrals.register_rule(services.same_number)

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
    api.register_blueprint(document_routes.blueprint)
    app.cli.add_command(commands.documents)
